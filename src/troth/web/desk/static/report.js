// The report form's two helpers; the form works without them. 1: a proof of work, so that floods cost something. 2: age encryption before sending.
"use strict";
(() => {
  const form = document.getElementById("report");
  if (!form || !window.crypto || !crypto.subtle) return;
  const told = document.getElementById("work");
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");
  async function solve() {
    const c = JSON.parse(form.dataset.challenge);
    const text = new TextEncoder();
    for (let at = 0; at <= c.maxnumber; at += 64) {
      const tries = Array.from({ length: 64 }, (_, i) => crypto.subtle.digest("SHA-256", text.encode(c.salt + (at + i))));
      const hits = await Promise.all(tries);
      const hit = hits.findIndex((h) => hex(h) === c.challenge);
      if (hit >= 0) {
        const answer = { algorithm: c.algorithm, challenge: c.challenge, number: at + hit, salt: c.salt, signature: c.signature };
        form.elements.altcha.value = btoa(JSON.stringify(answer));
        return;
      }
      if (at % 2048 === 0) await new Promise((done) => setTimeout(done));
    }
  }
  solve();
  const zone = form.elements.zone;
  if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const box = document.getElementById("seal-box");
  const row = document.getElementById("seal-row");
  if (!box || !form.dataset.recipients) return;
  row.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (!box.checked || !window.troth_age) return;
    event.preventDefault();
    told.textContent = "Encrypting...";
    const values = {};
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && value && !["nonce", "altcha", "form"].includes(name)) values[name] = value;
    const age = new troth_age.Encrypter();
    for (const one of form.dataset.recipients.split(" ")) age.addRecipient(one);
    const files = form.elements.files;
    if (files && files.files.length) {
      const closed = new DataTransfer();
      for (const one of files.files) closed.items.add(new File([await age.encrypt(new Uint8Array(await one.arrayBuffer()))], one.name + ".age"));
      files.files = closed.files;
    }
    const sealed = troth_age.armor.encode(await age.encrypt(JSON.stringify(values)));
    for (const element of Array.from(form.elements)) if (element.name && !["nonce", "altcha", "form", "contact", "files"].includes(element.name)) element.disabled = true;
    const hidden = document.createElement("input");
    hidden.type = "hidden"; hidden.name = "sealed"; hidden.value = sealed;
    form.append(hidden);
    form.submit();
  });
})();
