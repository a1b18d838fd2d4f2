/** How the page looks and the little that it does; all inside the page, so that it works without any other file. */
export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #333a44); --soft: light-dark(#f5f6f8, #1b2027);
  --text: light-dark(#1c2430, #dde3ea); --faint: light-dark(#667080, #93a0b0); --link: light-dark(#0b62c4, #6db3ff); }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: light-dark(#fff, #12161b);
  display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
code, pre, .type { font-family: ui-monospace, monospace; font-size: .92em; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.2rem; border-right: 1px solid var(--line); }
nav input { width: 100%; padding: .4rem .6rem; font: inherit; border: 1px solid var(--line); border-radius: 6px; background: var(--soft); color: inherit; }
nav h3 { margin: 1.2rem 0 .3rem; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--faint); }
nav ul { list-style: none; margin: 0; padding: 0; } nav li { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 6rem; max-width: 68rem; }
h1 { margin: 0 0 .2rem; font-size: 1.9rem; } h2 { margin: 2.6rem 0 .2rem; } h4 { margin: 1.2rem 0 .3rem; }
small, .faint { color: var(--faint); font-weight: 400; }
.operation { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; }
.operation[open] { box-shadow: 0 2px 10px rgb(0 0 0 / .06); }
summary { display: flex; gap: .8rem; align-items: baseline; padding: .55rem .8rem; cursor: pointer; list-style: none; flex-wrap: wrap; }
summary::-webkit-details-marker { display: none; } summary:hover { background: var(--soft); border-radius: 8px; }
summary span { color: var(--faint); } .path { font-weight: 600; }
.method { display: inline-block; min-width: 4.4rem; text-align: center; font: 700 .74rem/1.7 ui-monospace, monospace; color: #fff; border-radius: 4px; background: #667080; }
.method.get { background: #2166b0; } .method.post { background: #257a45; } .method.patch { background: #9a6a00; } .method.delete { background: #b3362c; }
.inside { padding: 0 1rem 1rem; border-top: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; margin: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--line); font-weight: 400; }
th { width: 15rem; } td table { margin-left: .8rem; width: calc(100% - .8rem); } td td, td th { border-color: transparent; }
.type { color: var(--faint); overflow-wrap: anywhere; }
.answer { display: grid; grid-template-columns: 3.2rem 1fr; margin: .3rem 0; }
pre { position: relative; background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; overflow: auto; }
pre button { position: absolute; top: .5rem; right: .5rem; font: inherit; color: var(--faint); background: none; border: 1px solid var(--line); border-radius: 5px; cursor: pointer; }
[hidden] { display: none !important; }
@media (max-width: 800px) { body { grid-template-columns: 1fr; } nav { position: static; height: auto; border: 0; } th { width: auto; } }
`;

export const SCRIPT = `
const find = document.querySelector('nav input');
find.addEventListener('input', () => {
  const words = find.value.toLowerCase().split(/\\s+/);
  for (const one of document.querySelectorAll('[data-text]')) {
    one.hidden = !words.every((word) => one.dataset.text.includes(word));
  }
});
const open = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener('hashchange', open);
open();
document.addEventListener('click', async ({ target }) => {
  if (!target.matches('pre button')) return;
  await navigator.clipboard.writeText(target.nextElementSibling.textContent);
  target.textContent = 'copied';
});
`;
