/** Parameters of aggregates: what is accepted, how the rest is refused; and exact sums, tallies taken back. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fault } from "../../../src/core/fault.ts";
import { parseAggregate } from "../../../src/core/query/aggregate.ts";
import { exactUnits, roundMean, roundSum } from "../../../src/core/query/exact-sum.ts";
import { accumulate, emptyTally, isStale, retract, tallyPlan, tallyResult } from "../../../src/core/query/tally.ts";
import { column, rowsOf, runs, SAMPLES, tableOf } from "./sample-table.ts";

const HIDDEN = tableOf([
  ...SAMPLES.columns,
  column("secret", "int", { readable: false, filterable: false, sortable: false }),
]);

/** The field and message of the refusal, or "accepted". */
function refusal(text: string, table = HIDDEN): string {
  try {
    parseAggregate(new Map(new URLSearchParams(text)), table);
    return "accepted";
  } catch (error) {
    if (!(error instanceof Fault) || error.data.slug !== "validation-error") throw error;
    return error.data.errors.map(({ field, message }) => `${field} ${message}`).join("; ");
  }
}

const accepted = (text: string) => parseAggregate(new Map(new URLSearchParams(text)), HIDDEN);

describe("[AG1] parameters", () => {
  test("[AG1] lists become data; limit is 1000 unless given, and lowered to 10 000", () => {
    expect(accepted("groupBy=status,done&count=true&sum=count,price&max=title")).toEqual({
      groupBy: ["status", "done"],
      count: true,
      metrics: [
        { fn: "sum", field: "count" },
        { fn: "sum", field: "price" },
        { fn: "max", field: "title" },
      ],
      having: [],
      orderBy: [],
      limit: 1000,
    });
    expect(accepted("count=true&limit=99999").limit).toBe(10_000);
  });

  test.each([
    ["", "count or one of sum, avg, min, max is needed"],
    ["groupBy=status", "count or one of sum, avg, min, max is needed"],
    ["count=false", "count or one of sum, avg, min, max is needed"],
    ["count=yes", 'count must be true or false, not "yes"'],
    ["count=true&groupBy=", "groupBy must be names of fields, separated by commas"],
    ["sum=count,,price", "sum must be names of fields, separated by commas"],
    ["sum=count,count", "sum names count twice"],
    ["count=true&groupBy=status,title,count,rank,price,done", "groupBy has 6 fields, limit is 5"],
    ["count=true&limit=0", 'limit must be an integer ≥ 1, not "0"'],
  ])("[AG1] %s is refused", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });

  test("[AG1] twenty metrics are accepted, one more is not", () => {
    const names = Array.from({ length: 21 }, (_, index) => `n${index}`);
    const wide = tableOf(names.map((name) => column(name, "int")));
    expect(refusal(`sum=${names.slice(1)}`, wide)).toBe("accepted");
    expect(refusal(`sum=${names}`, wide)).toBe("sum makes 21 metrics, limit is 20");
  });
});

describe("[AG2] columns", () => {
  test.each([
    ["sum=secret", "sum names an unknown field: secret"],
    ["sum=nothing", "sum names an unknown field: nothing"],
    ["min=secret", "min names an unknown field: secret"],
    ["count=true&groupBy=secret", "groupBy names an unknown field: secret"],
    ["count=true&groupBy=__proto__", "groupBy names an unknown field: __proto__"],
    ["sum=title", "sum does not apply to title, which is of kind text"],
    ["avg=big", "avg does not apply to big, which is of kind bigint"],
    ["sum=madeAt", "sum does not apply to madeAt, which is of kind time"],
    ["min=tags", "min does not apply to tags, which is of kind json"],
    ["max=bytes", "max does not apply to bytes, which is of kind blob"],
    ["min=title,big,madeAt,done,price,count", "accepted"],
  ])("[AG2] %s", (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });

  test("[AG2] lists of the table narrow further, and answer as unknown", () => {
    const narrow = { ...HIDDEN, aggregatable: { groupBy: ["status"], metrics: ["count", "secret"] } };
    expect(refusal("groupBy=status&sum=count", narrow)).toBe("accepted");
    expect(refusal("groupBy=title&sum=count", narrow)).toBe("groupBy names an unknown field: title");
    expect(refusal("groupBy=status&sum=price", narrow)).toBe("sum names an unknown field: price");
    expect(refusal("groupBy=status&sum=secret", narrow)).toBe("sum names an unknown field: secret");
  });
});

describe("[AG5] having", () => {
  const query = "groupBy=status,done,madeAt,big,tags&count=true&sum=count,price&avg=rank&min=title,done,madeAt&having=";
  test.each([
    ["count>=5;sum_count>100", "accepted"],
    [' count >= 5 ; status != "a" ', "accepted"],
    ['sum_count>"18014398509481984"', "accepted"],
    ['min_madeAt>"2024-01-01";min_madeAt<1700000000000', "accepted"],
    ['big>="9223372036854775807";min_title<"m";done==true', "accepted"],
    ["", "having cannot be read at character 0: an alias is expected, the text ends"],
    ["count>=5;", "having cannot be read at character 9: an alias is expected, the text ends"],
    ["count>=5,count<9", "having cannot be read at character 8: a ; is expected between comparisons, not ,"],
    ["(count>5)", "having cannot be read at character 0: an alias is expected, not ("],
    ["count>null", "having cannot compare with null: what is missing satisfies != alone"],
    ["count>1e400", "having cannot be read at character 6: The number is too large"],
    ["count=in=(1)", "having takes == != > >= < <=, not =in="],
    [
      "count>'5'",
      "having cannot be read at character 6: a number, a text in double quotes, true or false is expected, not '",
    ],
    ["max_title>1", "having names an unknown field: max_title"],
    ["rank>1", "having names an unknown field: rank"],
    ["sum_secret>1", "having names an unknown field: sum_secret"],
    ['count>"5"', "having the value for count must be a number"],
    ['sum_count>"5.5"', "having the value for sum_count must be a number, or an integer as digits in double quotes"],
    ['sum_price>"5"', "having the value for sum_price must be a number"],
    ["avg_rank>true", "having the value for avg_rank must be a number"],
    ["status>5", "having the value for status must be text in double quotes"],
    [
      'min_madeAt>"soon"',
      "having the value for min_madeAt must be a time: ISO 8601 text in double quotes, or milliseconds since 1970, years 0001–9999",
    ],
    ["min_done>true", "having cannot compare min_done by >: it is of kind bool"],
    ["tags==1", "having cannot compare tags by ==: it is of kind json"],
  ])("[AG5] %s", (text, expected) => {
    expect(refusal(query + encodeURIComponent(text))).toBe(expected);
  });

  test.each([
    ["count>1e400", "type"],
    ["count>null", "type"],
    ["count>1x", "syntax"],
    ['status=="a', "syntax"],
  ])("[AG5] %s is refused with the code %s", (text, code) => {
    const read = () =>
      parseAggregate(
        new Map([
          ["groupBy", "status"],
          ["count", "true"],
          ["having", text],
        ]),
        SAMPLES,
      );
    const error = expect.objectContaining({ field: "having", code });
    expect(read).toThrow(expect.objectContaining({ data: { slug: "validation-error", errors: [error] } }));
  });

  test("[AG5] fifty comparisons are accepted, one more is not", () => {
    const terms = (count: number) => `count=true&having=${Array(count).fill("count>1").join(";")}`;
    expect(refusal(terms(50))).toBe("accepted");
    expect(refusal(terms(51))).toBe("having has more than 50 comparisons");
  });
});

test.each([
  ["-sum_count,status:desc", "accepted"],
  ["sum_price", "orderBy names an unknown field: sum_price"],
  ["rank", "orderBy names an unknown field: rank"],
  ["count,-count", "orderBy names count twice"],
  [
    "-count:asc",
    'orderBy must be aliases as name, name:asc, name:desc or -name, separated by commas, not "-count:asc"',
  ],
])("[AG6] orderBy=%s", (text, expected) => {
  expect(refusal(`groupBy=status&count=true&sum=count&orderBy=${text}`)).toBe(expected);
});

test("[AG4] the mean of a sum beyond the finite is the nearest double, also just beside a tie", () => {
  // Three of them sum up to four times 2^1023 + 2^970, which lies half-way between two doubles; the fourth is a hair more.
  const values = [1.5 * 2 ** 1023, 1.5 * 2 ** 1023, 2 ** 1023 + 2 ** 972, Number.MIN_VALUE];
  const sum = values.reduce((total, value) => total + exactUnits(value), 0n);
  expect(roundSum(sum)).toBe(Number.POSITIVE_INFINITY);
  expect(roundMean(sum, 4)).toBe(2 ** 1023 + 2 ** 971);
  expect(roundMean(-sum, 4)).toBe(-(2 ** 1023 + 2 ** 971));
  expect(roundMean(sum - 1n, 4)).toBe(2 ** 1023);
});

test("[AG4] a double goes through its exact form unchanged, and sums do not depend on the order", () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
  fc.assert(
    fc.property(fc.array(double, { minLength: 1, maxLength: 20 }), (values) => {
      for (const value of values) expect(roundSum(exactUnits(value))).toBe(value);
      const units = values.map(exactUnits);
      const sum = units.reduce((a, b) => a + b, 0n);
      expect(units.toReversed().reduce((a, b) => a - b, sum)).toBe(0n);
      if (values.length === 2) expect(roundSum(sum)).toBe((values[0] ?? 0) + (values[1] ?? 0));
    }),
    runs(1000),
  );
  expect(roundSum(exactUnits(Number.MAX_VALUE) * 2n)).toBe(Number.POSITIVE_INFINITY);
  expect(roundSum(exactUnits(Number.MIN_VALUE))).toBe(Number.MIN_VALUE);
});

test("[LA2] a tally from which rows were taken back equals the tally of the rest, unless it says that it is stale", () => {
  const query = accepted("count=true&sum=count,price&avg=rank,price&min=title,madeAt,done,big&max=title,price,big");
  const plan = tallyPlan(query, SAMPLES);
  let fresh = 0;
  fc.assert(
    fc.property(rowsOf(SAMPLES, 8), rowsOf(SAMPLES, 4), (rest, taken) => {
      const tally = emptyTally(plan, []);
      for (const row of [...taken, ...rest]) accumulate(plan, tally, row);
      for (const row of taken) retract(plan, tally, row);
      const expected = emptyTally(plan, []);
      for (const row of rest) accumulate(plan, expected, row);
      if (isStale(tally)) return;
      fresh++;
      expect(tallyResult(plan, tally)).toEqual(tallyResult(plan, expected));
    }),
    runs(500),
  );
  expect(fresh).toBeGreaterThan(50);
});
