/** Reporters of a test run: what people read, and in CI a file from which .ci/run counts the tests that ran. */

type Reporters = (string | [string, { outputFile: string }])[];

export function reporters(name: string): Reporters {
  return process.env.CI === undefined ? ["default"] : ["default", ["json", { outputFile: `.ledge/${name}.json` }]];
}
