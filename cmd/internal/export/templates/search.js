"use strict";
// Looks for words in the posts of this folder. The posts are in files of their
// own, which are loaded as scripts when somebody types: a page that is opened
// from a folder may read no other files.
(function () {
  var form = document.getElementById("search");
  var input = document.getElementById("words");
  var found = document.getElementById("found");
  var hits = document.getElementById("hits");
  var all = document.getElementById("all");
  var posts = null;
  var waiting = 0;
  window.stetPosts = function (list) { posts = (posts || []).concat(list); };

  function fold(s) {
    return s.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function load(name, then) {
    var s = document.createElement("script");
    s.src = name;
    s.onload = then;
    s.onerror = then;
    document.head.appendChild(s);
  }

  function loadAll() {
    if (waiting || posts) { return; }
    waiting = 1;
    load("search/index.js", function () {
      var n = window.stetParts || 0;
      waiting = n;
      if (!n) { posts = []; show(); }
      for (var i = 0; i < n; i++) {
        load("search/" + i + ".js", function () { if (--waiting === 0) { show(); } });
      }
    });
  }

  function show() {
    var words = fold(input.value).split(/\s+/).filter(Boolean);
    hits.textContent = "";
    all.hidden = words.length > 0;
    found.textContent = "";
    if (!words.length) { return; }
    if (waiting || !posts) { found.textContent = "Loading"; return; }
    var n = 0;
    posts.forEach(function (p) {
      var text = p.folded || (p.folded = fold(p.a + " " + p.h + " " + p.t + " " + p.r));
      if (!words.every(function (w) { return text.indexOf(w) >= 0; })) { return; }
      n++;
      if (n > 200) { return; }
      var li = document.createElement("li");
      var a = document.createElement("a");
      a.href = p.f;
      a.textContent = p.a || p.r;
      a.dir = "auto";
      li.appendChild(a);
      li.appendChild(document.createTextNode(" " + p.s + " " + p.d));
      li.appendChild(document.createElement("br"));
      var span = document.createElement("span");
      span.dir = "auto";
      span.textContent = p.t.slice(0, 300);
      li.appendChild(span);
      hits.appendChild(li);
    });
    found.textContent = n === 1 ? "1 post" : n + " posts" + (n > 200 ? ", the first 200 are shown" : "");
  }

  form.hidden = false;
  input.addEventListener("focus", loadAll);
  input.addEventListener("input", function () { loadAll(); show(); });
  form.addEventListener("submit", function (e) { e.preventDefault(); });
})();
