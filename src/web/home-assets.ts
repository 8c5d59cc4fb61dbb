/**
 * YOURS. Style and script of the first page. A ledger's page: warm paper, hairline rules, a red margin line; light and dark by
 * the reader's own setting, one column on a phone.
 */

export const style = `
:root {
  --paper: #fbfaf6; --ink: #211f1b; --quiet: #66615a; --rule: #e3ddd1; --margin: #d9a396; --accent: #9a3b26; --code: #f3efe6;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Georgia, serif;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, "Cascadia Code", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #181715; --ink: #ebe7df; --quiet: #a29c91; --rule: #302d29; --margin: #5d372e; --accent: #e59278; --code: #211f1c; }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 400 1rem/1.6 var(--sans); -webkit-text-size-adjust: 100%; }
body { margin: 0; }
main { max-width: 50rem; margin: 0 auto; padding: 5rem 2rem 6rem 4rem; position: relative; }
main::before { content: ""; position: absolute; inset: 0 auto 0 2rem; border-left: 1px solid var(--margin); }
.mark { margin: 0; color: var(--accent); font: 600 .8rem/1 var(--sans); letter-spacing: .14em; text-transform: uppercase; }
h1 { margin: .6rem 0 0; font: 400 clamp(2.6rem, 8vw, 4rem)/1.05 var(--serif); letter-spacing: -.015em; overflow-wrap: anywhere; }
.lead { margin: 1rem 0 0; max-width: 36rem; font: 400 1.2rem/1.5 var(--serif); color: var(--quiet); }
section { margin-top: 3.5rem; }
h2 { margin: 0 0 .9rem; font: 600 1.35rem/1.2 var(--serif); }
.quiet, .links span, .where, .who, figcaption, .status { color: var(--quiet); }
.quiet { margin: 0 0 1rem; }
ul { list-style: none; margin: 0; padding: 0; }
.ledger { border-top: 1px solid var(--rule); }
.ledger li { display: grid; grid-template-columns: 1.25fr 1fr 8.5rem; gap: 0 1.5rem; align-items: baseline; padding: .7rem 0; border-bottom: 1px solid var(--rule); }
.ledger .name { font: 500 .95rem/1.5 var(--mono); overflow-wrap: anywhere; }
.ledger .name a { text-underline-offset: .35em; }
.where, .who { font-size: .92rem; }
.who { text-align: right; }
.links li { padding: .3rem 0; }
.links span { margin-left: .4rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .2em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
code { font: .92em/1.5 var(--mono); }
figure { margin: 0 0 1.4rem; }
figcaption { margin-bottom: .35rem; font-size: .92rem; }
.command { position: relative; background: var(--code); border: 1px solid var(--rule); border-radius: 6px; }
pre { margin: 0; padding: .9rem 5.2rem .9rem 1rem; overflow-x: auto; font: .85rem/1.6 var(--mono); border-radius: 6px; }
button { position: absolute; top: .5rem; right: .5rem; min-height: 2rem; padding: 0 .75rem; color: var(--ink); background: var(--paper); border: 1px solid var(--rule); border-radius: 4px; font: 500 .82rem/1 var(--sans); cursor: pointer; }
button:hover { border-color: var(--accent); color: var(--accent); }
.status { min-height: 1.6em; margin: 0 0 -2rem; font-size: .9rem; }
@media (max-width: 40rem) {
  main { padding: 3rem 1.25rem 4rem 1.75rem; }
  main::before { left: .75rem; }
  section { margin-top: 2.75rem; }
  .ledger li, .ledger .name { display: block; }
  .who::before { content: "· "; }
  .links span { display: block; margin-left: 0; font-size: .92rem; }
  button { position: static; display: block; width: calc(100% - 1rem); min-height: 2.75rem; margin: 0 .5rem .5rem; }
  pre { padding: .8rem .9rem; }
}
@media print { main::before, button { display: none; } }
`;

export const script = `
document.querySelectorAll(".command").forEach((box) => {
  const button = box.querySelector("button");
  const status = document.querySelector(".status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(box.querySelector("code").textContent);
      button.textContent = "Copied";
      status.textContent = "Copied to the clipboard.";
    } catch {
      getSelection().selectAllChildren(box.querySelector("code"));
      status.textContent = "Selected. Press Ctrl+C or ⌘C to copy.";
    }
    setTimeout(() => { button.textContent = "Copy"; status.textContent = ""; }, 2000);
  });
});
`;
