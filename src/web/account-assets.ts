/** YOURS. Style and script of the account pages, over those of the first page. The account forms work without the script, too. */

export const accountStyle = `
main.column { max-width: 34rem; min-height: 100vh; }
main.column h1 { font-size: clamp(2.3rem, 7vw, 3rem); }
.lead + .quiet, .notice + .quiet { margin-top: 1.2rem; }
form { display: grid; gap: 1.1rem; margin: 2rem 0 0; max-width: 25rem; }
label { display: grid; gap: .35rem; font: 500 .95rem/1.4 var(--sans); }
label small { color: var(--quiet); font-weight: 400; font-size: .86rem; }
input { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; color: var(--ink); background: var(--field); border: 1px solid var(--edge); border-radius: 5px; font: 400 1rem/1.4 var(--sans); }
input:focus-visible { outline-offset: 0; border-color: var(--accent); }
input[aria-invalid="true"] { border-color: var(--accent); }
form button, .line button { position: static; width: auto; margin: 0; }
form button { min-height: 2.85rem; padding: 0 1.25rem; color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: 5px; font: 600 1rem/1 var(--sans); }
form button:hover { color: var(--on-accent); filter: brightness(1.08); }
form button[disabled] { opacity: .6; cursor: default; }
.notice { margin: 1.5rem 0 0; padding: .75rem 1rem; max-width: 25rem; border-left: 3px solid var(--accent); background: var(--code); border-radius: 0 5px 5px 0; }
.notice:empty { display: none; }
.others { margin: 1.6rem 0 0; display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; }
.line { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem 1rem; margin: 1.1rem 0 0; color: var(--quiet); font-size: .95rem; overflow-wrap: anywhere; }
.line form { display: inline; margin: 0; }
.line button { min-height: 0; padding: 0; color: var(--accent); background: none; border: 0; font: inherit; text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .2em; cursor: pointer; }
.line button:hover { color: var(--accent); filter: none; text-decoration-thickness: 2px; }
.quiet code { white-space: nowrap; }
:root { --field: #fff; --edge: #918a7f; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --field: #211f1c; --edge: #79736a; --on-accent: #1b1310; } }
@media (max-width: 40rem) {
  form, .notice { max-width: none; }
  form button { width: 100%; margin: 0; min-height: 3rem; }
  label small { display: block; }
  .line button { width: auto; min-height: 0; margin: 0; display: inline; }
}
`;

/** Sends a form as JSON, shows what went wrong without losing what was typed, and goes where the form would have led. */
export const accountScript = `
const csrf = () => (document.cookie.match(/(?:^|; )csrf_token=([^;]*)/) || [])[1] || "";
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-smooth]");
  if (!form) return;
  event.preventDefault();
  const notice = document.querySelector(".notice");
  const button = form.querySelector("button");
  const values = Object.fromEntries(new FormData(form));
  const { next = "/", sent = next } = values;
  ["next", "sent", "page", "csrf_token"].forEach((name) => delete values[name]);
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  button.disabled = true;
  try {
    const reply = await window.fetch(form.action, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": csrf() },
      body: JSON.stringify(values),
    });
    if (reply.ok) {
      return location.assign(reply.status === 202 ? sent : next);
    }
    const problem = await reply.json();
    const first = (problem.errors || [])[0];
    const field = first && form.elements.namedItem(first.field);
    notice.textContent = first ? first.field[0].toUpperCase() + first.field.slice(1) + " " + first.message + "." : problem.detail + ".";
    if (field) { field.setAttribute("aria-invalid", "true"); field.focus(); }
  } catch {
    notice.textContent = "The server could not be reached. Try again.";
  }
  button.disabled = false;
});
`;
