// Small helpers: everything here works without them too.
"use strict";
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const utc = !zone || zone === "UTC" || zone === "Etc/UTC" || zone === "GMT";
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  const sameDay = new Intl.DateTimeFormat("en-GB", clock);
  const otherDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...clock });
  const local = (root) => {
    if (utc) return;
    for (const t of root.querySelectorAll("time[data-clock]")) {
      const at = new Date(t.dateTime);
      if (isNaN(at) || t.nextElementSibling?.className === "local") continue;
      const span = document.createElement("span");
      span.className = "local";
      span.textContent = " (" + (at.getDate() === at.getUTCDate() ? sameDay : otherDay).format(at) + ")";
      t.after(span);
    }
  };
  local(document);

  // A button that copies what stands in the block before it.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.copy);
      const said = button.textContent;
      try {
        await navigator.clipboard.writeText(from.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(from);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = said; }, 2000);
    });
  }

  // The box grows with what is pasted; Enter searches, Shift+Enter breaks the line.
  for (const area of document.querySelectorAll("textarea[data-box]")) {
    const grow = () => { area.style.height = "auto"; area.style.height = Math.min(area.scrollHeight + 4, 360) + "px"; };
    area.addEventListener("input", grow);
    area.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); area.form.requestSubmit(); }
    });
    grow();
  }

  // A picture that is pasted is chosen.
  const chooser = document.querySelector("input[data-paste]");
  if (chooser) {
    addEventListener("paste", (e) => {
      if (e.clipboardData.files.length) chooser.files = e.clipboardData.files;
    });
  }

  // The progress of a job is asked for without loading the page again.
  const progress = document.querySelector("[data-poll]");
  if (progress) {
    const ask = async () => {
      try {
        const answer = await fetch(progress.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store" });
        const job = await answer.json();
        if (job.state !== progress.dataset.state) { location.reload(); return; }
      } catch { /* the service may be busy: ask again */ }
      setTimeout(ask, 1000);
    };
    setTimeout(ask, 1000);
  }
})();
