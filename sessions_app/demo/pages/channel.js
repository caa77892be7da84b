// The channel in the browser: asks once a second what is new, and changes in place what has changed.
"use strict";
(() => {
  const threads = document.getElementById("threads");
  const newest = document.getElementById("newest");
  const shown = new Map(); // by post: its element, and what it says
  let etag = "";
  let here = location.hash; // a post that somebody came for
  let following = !here;

  function make(name, kind, text) {
    const element = document.createElement(name);
    element.className = kind;
    if (text) element.textContent = text;
    return element;
  }

  function face(post) {
    const element = make("span", "face", post.bot ? "" : post.who[0]);
    element.setAttribute("aria-hidden", "true");
    if (post.bot) {
      const image = make("img", "");
      image.src = "icon.svg";
      image.alt = "";
      element.append(image);
    }
    return element;
  }

  function place(post, isReply) {
    const element = make("article", isReply ? "post reply" : "post");
    element.id = `post-${post.id}`;
    const body = make("div", "body");
    const line = make("div", "line");
    const name = make("bdi", "who", post.who);
    const time = make("time", "when", new Date(post.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }));
    time.dateTime = new Date(post.at).toISOString();
    line.append(name, ...(post.bot ? [make("span", "bot", "BOT")] : []), time, make("span", "edited"));
    body.append(line, make("div", "text"));
    element.append(face(post), body);
    return element;
  }

  function fill(element, post) {
    element.querySelector(".text").innerHTML = post.html; // cleaned by the server
    element.querySelector(".edited").textContent = post.edited ? "(edited)" : "";
    if (!post.edited) return;
    element.classList.remove("fresh");
    void element.offsetWidth; // begin the animation again
    element.classList.add("fresh");
  }

  function showThread(thread) {
    const id = `thread-${thread.id}`;
    let element = document.getElementById(id);
    if (!element) {
      element = make("li", "thread");
      element.id = id;
      element.append(make("p", "where", `~${thread.channel}`));
      threads.append(element);
    }
    thread.posts.forEach((post, number) => {
      const version = `${post.edited} ${post.html}`;
      const known = shown.get(post.id);
      if (known?.version === version) return;
      const at = known?.element ?? place(post, number > 0);
      fill(at, post);
      if (!known) element.append(at);
      shown.set(post.id, { element: at, version });
    });
    return id;
  }

  function show(news) {
    document.getElementById("nothing").hidden = news.threads.length > 0;
    const there = new Set(news.threads.map(showThread));
    for (const element of [...threads.children]) {
      if (there.has(element.id)) continue;
      for (const post of element.querySelectorAll(".post")) shown.delete(post.id.replace("post-", ""));
      element.remove();
    }
    const wanted = here && document.getElementById(here.slice(1));
    if (wanted) {
      wanted.classList.add("here");
      wanted.scrollIntoView({ block: "center" });
      here = "";
    } else if (following) {
      scrollTo(0, document.documentElement.scrollHeight);
    }
  }

  async function ask() {
    let offline = false;
    try {
      const answer = await fetch("posts.json", { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (answer.status === 200) {
        etag = answer.headers.get("ETag") ?? "";
        show(await answer.json());
      } else offline = answer.status !== 304;
    } catch {
      offline = true;
    }
    document.documentElement.toggleAttribute("data-offline", offline);
    setTimeout(ask, 1000);
  }

  addEventListener("scroll", () => {
    following = innerHeight + scrollY >= document.documentElement.scrollHeight - 60;
    newest.hidden = following;
  }, { passive: true });
  newest.addEventListener("click", () => scrollTo(0, document.documentElement.scrollHeight));
  addEventListener("hashchange", () => {
    here = location.hash;
    etag = "";
  });
  ask();
})();
