// What lives on a page (the element with data-etag): polls tell the server what we have, what changes is changed in
// place, and branches that somebody opened or closed stay so. Without it the page is whole, only not live.
"use strict";
(() => {
  const kept = "livestatus-branch-";
  const live = () => document.querySelector("[data-etag]");

  // Whether a branch or a menu is open is for the person to say; what is in a menu (data-own) is fetched by itself.
  const isOurs = (each) => "keep" in each.dataset || "own" in each.dataset;

  // Bring `old` to look like `wanted` with the least change, so that focus, scroll, selection and animation stay.
  function morph(old, wanted) {
    if (old.nodeType !== wanted.nodeType || old.nodeName !== wanted.nodeName || old.id !== wanted.id) {
      old.replaceWith(wanted);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!wanted.hasAttribute(name) && !(name === "open" && isOurs(old))) old.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
      if (name === "open" && isOurs(old)) continue;
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const choosing = old.nodeName === "SELECT" && old === document.activeElement;
    if (!choosing && !("own" in old.dataset)) children(old, wanted);
  }

  function children(old, wanted) {
    const byId = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
    const coming = new Set([...wanted.children].map((each) => each.id).filter(Boolean));
    let at = old.firstChild;
    for (const want of [...wanted.childNodes]) {
      while (at && at.id && !coming.has(at.id)) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      const have = want.id ? byId.get(want.id) : at && !at.id ? at : null;
      if (!have) {
        old.insertBefore(want, at);
      } else if (have === at) {
        at = at.nextSibling;
        morph(have, want);
      } else {
        old.insertBefore(have, at);
        morph(have, want);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function restore(root) {
    for (const each of root.querySelectorAll("details[data-keep]")) {
      const state = remembered(each.id);
      if (state) each.open = state === "open";
    }
  }

  function remembered(id, state) {
    try {
      if (state) sessionStorage.setItem(kept + id, state);
      return sessionStorage.getItem(kept + id);
    } catch {
      return null; // no storage: it stays so until the page is left
    }
  }

  htmx.defineExtension("steady", {
    isInlineSwap: (style) => style === "steady",
    handleSwap: (style, target, fragment) => {
      if (style !== "steady") return false;
      const same = fragment.querySelector(`#${target.id}`);
      if (same) morph(target, same);
      else children(target, fragment);
      restore(target);
      return [];
    },
  });

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt === live()) event.detail.headers["If-None-Match"] = live().dataset.etag;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt === live()) event.preventDefault(); // nobody is looking
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== live()) return;
    const status = event.detail.xhr?.status ?? 0;
    document.documentElement.toggleAttribute("data-offline", status === 0 || status >= 400);
    const etag = status === 200 && event.detail.xhr.getResponseHeader("ETag");
    if (etag) live().dataset.etag = etag;
  });
  // A click, also one by the keyboard, and not "toggle": that one comes for branches that the server opened, too.
  document.addEventListener("click", ({ target }) => {
    const branch = target.closest?.("summary")?.parentElement;
    if (branch?.matches("details[data-keep]")) remembered(branch.id, branch.open ? "closed" : "open");
  });
  restore(document);
})();
