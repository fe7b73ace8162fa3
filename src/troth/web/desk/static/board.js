// Keys for the board; everything they do is a link or a form that works without them.
"use strict";
(() => {
  if (window.htmx) htmx.config.includeIndicatorCSS = false;
  const links = () => Array.from(document.querySelectorAll(".case h3 a"));
  let at = -1;
  const move = (step) => {
    const all = links();
    if (!all.length) return;
    at = Math.min(all.length - 1, Math.max(0, at + step));
    all[at].focus();
  };
  const go = (selector) => { const found = document.querySelector(selector); if (found) { found.focus(); found.scrollIntoView({ block: "center" }); } };
  const view = (name) => { const link = document.querySelector(`.seg a[href*="view=${name}"]`); if (link) link.click(); };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const does = { j: () => move(1), k: () => move(-1), "/": () => go("#q"), r: () => go("#reply-text"), n: () => go("#note-text"), 1: () => view("list"), 2: () => view("lanes"), 3: () => view("clocks"), u: () => { location.href = "/board"; } }[event.key];
    if (does) { event.preventDefault(); does(); }
  });
  const canned = document.getElementById("canned");
  if (canned) {
    // a button, and not the choice itself: with the arrow keys one passes over choices on the way to another
    document.getElementById("canned-field").hidden = false;
    document.getElementById("insert").addEventListener("click", () => { const text = document.getElementById("reply-text"); text.value = (text.value ? text.value + "\n\n" : "") + canned.value; text.focus(); });
  }
})();
