// The filters of the board, and the menus of its rows. The address is the truth: what is chosen goes there, and every
// poll takes it along. Without this file the filters are a form with a button.
"use strict";
(() => {
  const board = () => document.getElementById("board");
  const form = () => document.getElementById("filters");
  const wanted = () => new URLSearchParams(location.search);
  let typing = 0;
  let asked = location.search;

  // What cannot be seen in the markup that was swapped in: what somebody has typed or chosen.
  function show() {
    const params = wanted();
    for (const field of form().querySelectorAll("select, input[type=search]")) {
      const value = params.get(field.name) ?? "";
      if (field !== document.activeElement && field.value !== value) field.value = value;
    }
  }

  function choose(changed) {
    const params = wanted();
    for (const [name, value] of Object.entries(changed)) {
      if (value.trim()) params.set(name, value.trim());
      else params.delete(name);
    }
    go(params);
  }

  function go(params) {
    clearTimeout(typing);
    const query = params.toString();
    if (query === wanted().toString()) return;
    history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
    htmx.trigger(board(), "look");
  }

  function fields() {
    return Object.fromEntries([...form().querySelectorAll("select, input[type=search]")].map((each) => [each.name, each.value]));
  }

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt === board()) detail.path += asked = location.search;
  });
  // What was on its way when somebody chose something else answers the last question.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target === board() && asked !== location.search) detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt !== board()) return;
    if (detail.xhr?.status === 403) location.reload(); // who may not look any more is told so by the page itself
    else if (asked !== location.search) setTimeout(() => htmx.trigger(board(), "look"));
  });
  document.addEventListener("htmx:afterSwap", show);
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    event.preventDefault();
    const chip = event.submitter?.closest(".chip");
    choose(chip ? { ...fields(), word: chip.value } : fields());
  });
  document.addEventListener("change", ({ target }) => {
    if (target.form === form()) choose({ [target.name]: target.value });
  });
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "filter-q") return;
    clearTimeout(typing);
    typing = setTimeout(() => choose({ q: target.value }), 250);
  });
  document.addEventListener("click", (event) => {
    const all = event.target.closest?.("[data-filters]");
    if (!all || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(new URLSearchParams(all.dataset.filters));
    show();
    document.getElementById("filter-q").focus();
  });

  // Menus: what can be done is asked for when one is opened; one at a time, and closed from anywhere.
  const menus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("toggle", ({ target }) => {
    if (!target.matches?.("details.menu") || !target.open) return;
    for (const each of menus()) if (each !== target) each.open = false;
    const sheet = target.querySelector(".sheet");
    htmx.ajax("GET", sheet.dataset.from, { target: sheet, swap: "innerHTML" });
  }, true);
  document.addEventListener("click", ({ target }) => {
    for (const each of menus()) if (!each.contains(target)) each.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const each of menus()) {
      each.open = false;
      each.querySelector("summary").focus();
    }
  });
  show();
})();
