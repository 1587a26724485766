// stet.js shows, in the place of an embedded post that is gone, the copy that a
// newsroom's archive keeps. It asks the archive once per page, sends nothing
// about the reader, and changes nothing where no answer comes.
(function () {
  "use strict";
  var me = document.currentScript;
  if (!me || !window.fetch || !window.URL) return;
  var base = new URL(me.src).origin;
  // Where each form of embed says which post it is.
  var forms = [
    ["blockquote.twitter-tweet,blockquote.twitter-video", ""],
    ["twitter-widget[data-tweet-id],iframe[data-tweet-id]", "data-tweet-id"],
    ["blockquote.instagram-media", "data-instgrm-permalink"],
    ["blockquote.bluesky-embed", "data-bluesky-uri"],
    ["blockquote.tiktok-embed,blockquote.mastodon-embed", "cite"],
    ["blockquote.mastodon-embed", "data-embed-url"],
    ["blockquote.text-post-media", "data-text-post-permalink"],
    [".fb-post,.fb-video", "data-href"],
    ["blockquote.reddit-embed-bq,blockquote.reddit-card", ""],
    ["script[data-telegram-post]", "data-telegram-post"],
    ["iframe[src]", "src"]
  ];
  function address(el, attr) {
    var v = attr && el.getAttribute(attr);
    if (!v && !attr) {
      var links = el.querySelectorAll("a[href]");
      v = links.length ? links[links.length - 1].href : "";
    }
    if (!v) return "";
    if (attr === "data-tweet-id") return "twitter:" + v;
    if (attr === "data-telegram-post") return "telegram:" + v;
    if (v.indexOf("at://") === 0) return v;
    try {
      var u = new URL(v, location.href);
      // Frames of the page's own are no posts.
      return /^https?:$/.test(u.protocol) && u.host !== location.host && u.origin !== base ? u.href.split("#")[0] : "";
    } catch (e) {
      return "";
    }
  }
  function find() {
    var found = {}, taken = [];
    forms.forEach(function (f) {
      document.querySelectorAll(f[0]).forEach(function (el) {
        var u = address(el, f[1]);
        if (!u || u.length > 500 || taken.indexOf(el) >= 0) return;
        taken.push(el);
        (found[u] = found[u] || []).push(el);
      });
    });
    return found;
  }
  function show(el, p) {
    var box = document.createElement("figure"), frame = document.createElement("iframe"), note = document.createElement("figcaption");
    box.className = "stet";
    box.style.margin = "1em 0";
    frame.src = p.card;
    frame.title = p.title;
    frame.height = p.height;
    frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    frame.setAttribute("referrerpolicy", "no-referrer");
    frame.loading = "lazy";
    frame.style.cssText = "border:0;width:100%;max-width:550px";
    box.appendChild(frame);
    if (p.version && /^https?:/.test(p.version)) {
      var a = document.createElement("a");
      a.href = p.version;
      a.rel = "noopener";
      a.textContent = "Archived " + p.date;
      a.setAttribute("data-originalurl", p.u);
      a.setAttribute("data-versionurl", p.version);
      a.setAttribute("data-versiondate", p.date);
      note.appendChild(a);
      note.style.fontSize = "small";
      box.appendChild(note);
    }
    el.parentNode.replaceChild(box, el);
  }
  function run() {
    var found = find(), asked = Object.keys(found).sort().slice(0, 50);
    if (!asked.length) return;
    fetch(base + "/repair?" + asked.map(function (u) { return "u=" + encodeURIComponent(u); }).join("&"), { credentials: "omit", referrerPolicy: "no-referrer" })
      .then(function (r) { return r.ok ? r.json() : { posts: [] }; })
      .then(function (a) {
        a.posts.forEach(function (p) {
          if (p.card.indexOf(base + "/card/") === 0 && found[p.u]) found[p.u].forEach(function (el) { if (el.parentNode) show(el, p); });
        });
      })
      .catch(function () {});
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run); else run();
})();
