// Light, dark, or as the system says: chosen once, for the board and the admin, which keep it under the same name.
"use strict";
(() => {
  const order = ["auto", "light", "dark"];

  function chosen() {
    try {
      const kept = localStorage.getItem("theme");
      return order.includes(kept) ? kept : "auto";
    } catch {
      return "auto"; // no storage: as the system says
    }
  }

  function show(theme) {
    document.documentElement.dataset.theme = theme;
    for (const name of document.querySelectorAll("[data-theme-name]")) name.textContent = theme;
  }

  show(chosen());
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.("[data-theme-switch]")) return;
    const next = order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length];
    try {
      localStorage.setItem("theme", next);
    } catch {
      // no storage: it holds for this page
    }
    show(next);
  });
})();
