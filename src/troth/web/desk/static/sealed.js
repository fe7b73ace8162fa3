// Opens a sealed case in this page, with an age identity that is sent nowhere: fetches ciphertext, unwraps the case's key, checks the place of every envelope, shows texts as text.
"use strict";
(() => {
  const room = document.getElementById("sealed");
  const button = document.getElementById("sealed-open");
  if (!room || !button || !window.troth_age || !window.crypto || !crypto.subtle) return;
  const base = `/board/${room.dataset.case}/sealed`;
  const said = document.getElementById("sealed-said");
  const thread = document.getElementById("sealed-thread");
  const utf8 = new TextEncoder();
  const words = new TextDecoder("utf-8", { fatal: true });
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const same = (one, other) => one.length === other.length && one.every((value, at) => value === other[at]);
  const place = (...parts) => {
    const found = [...utf8.encode("troth-desk-1")];
    for (const part of parts) {
      const raw = utf8.encode(part);
      found.push(raw.length >>> 24, (raw.length >>> 16) & 255, (raw.length >>> 8) & 255, raw.length & 255, ...raw);
    }
    return Uint8Array.from(found);
  };
  const unseal = async (key, envelope, where) => {
    if (envelope.length < 29 || envelope[0] !== 1) throw new Error("no envelope");
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: envelope.slice(1, 13), additionalData: where }, key, envelope.slice(13)));
  };
  const opener = (identities) => {
    const age = new troth_age.Decrypter();
    for (const one of identities) age.addIdentity(one);
    return age;
  };
  async function unwrapped(told, identities) {
    const mine = place(told.tenant, told.case);
    for (const wrap of told.wraps) {
      let content = null;
      try { content = await opener(identities).decrypt(bytes(wrap)); } catch (error) { continue; }
      if (content.length > 32 && same(content.slice(32), mine)) return content.slice(0, 32);
    }
    throw new Error("This identity holds no key of this case.");
  }
  const add = (to, kind, text, style) => {
    const made = document.createElement(kind);
    if (text !== undefined) made.textContent = text;
    if (style) made.className = style;
    to.append(made);
    return made;
  };
  async function fieldsOf(raw, identities) {
    const values = JSON.parse(words.decode(raw));
    if (!values.sealed) return values;
    const { sealed, ...rest } = values;
    try {
      const clear = await opener(identities).decrypt(troth_age.armor.decode(sealed), "text");
      let inner = null;
      try { inner = JSON.parse(clear); } catch (error) { inner = null; }
      return { ...rest, ...(inner && typeof inner === "object" ? inner : { description: clear }) };
    } catch (error) { return { ...rest, description: sealed }; }
  }
  async function saved(told, file, name, raw, identities) {
    const answer = await fetch(`${base}/${file.id}`);
    if (!answer.ok) throw new Error("The file did not come.");
    const content = new Uint8Array(await answer.arrayBuffer());
    const from = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: utf8.encode(file.id), info: utf8.encode("troth-desk-1 file") }, from, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const clear = [];
    let at = 0;
    for (let number = 0; number < file.chunks; number += 1) {
      const size = new DataView(content.buffer).getUint32(at);
      const nonce = new Uint8Array(12);
      new DataView(nonce.buffer).setUint32(7, number);
      nonce[11] = number === file.chunks - 1 ? 1 : 0;
      clear.push(new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, key, content.slice(at + 4, at + 4 + size))));
      at += 4 + size;
    }
    if (at !== content.length) throw new Error("The file is not whole.");
    let whole = new Uint8Array(await new Blob(clear).arrayBuffer());
    let title = name;
    if (name.endsWith(".age")) {
      // the reporter's browser encrypted it before it sent it
      try { whole = await opener(identities).decrypt(whole); title = name.slice(0, -4); } catch (error) { title = name; }
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([whole], { type: "application/octet-stream" }));
    link.download = title;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
  async function letter(told, item, key, raw, files, identities) {
    const content = await unseal(key, bytes(item.sealed), place(told.tenant, told.case, item.kind, item.audience, item.id));
    const shown = document.createElement("li");
    shown.className = `letter ${item.audience === "team" ? "note" : item.kind === "report" ? "theirs" : "ours"}`;
    const head = add(shown, "header");
    add(head, "b", item.author);
    if (item.audience === "team") add(head, "span", "Only the team", "chip");
    add(head, "time", item.at.slice(0, 16).replace("T", " ") + " UTC").dateTime = item.at;
    if (item.kind === "report") {
      const values = await fieldsOf(content, identities);
      if (values.title) document.getElementById("sealed-title").textContent = values.title;
      const list = add(shown, "dl", undefined, "answers");
      for (const [name, value] of Object.entries(values)) {
        if (name === "title" || !(name in told.labels)) continue;
        const row = add(list, "div");
        add(row, "dt", told.labels[name]);
        add(add(row, "dd"), "span", String(value), "words");
      }
    } else add(add(shown, "div", undefined, "body"), "span", String(JSON.parse(words.decode(content)).text), "words");
    const own = files.filter((one) => one.item === item.id);
    if (own.length) {
      const list = add(shown, "ul", undefined, "files");
      for (const one of own) {
        const name = words.decode(await unseal(key, bytes(one.name), place(told.tenant, told.case, "file", one.id)));
        const save = add(add(list, "li"), "button", `Save ${name}`, "small");
        save.type = "button";
        save.addEventListener("click", () => saved(told, one, name, raw, identities).catch((error) => { said.textContent = `${name} does not open: ${error.message || "it was changed"}`; }));
      }
    }
    return shown;
  }
  async function opened() {
    const file = document.getElementById("identity-file").files[0];
    const text = `${file ? await file.text() : ""}\n${document.getElementById("identity-text").value}`;
    const identities = text.split(/\s+/).filter((one) => /^AGE-SECRET-KEY-1[A-Z0-9]+$/.test(one));
    if (!identities.length) throw new Error("There is no identity: it begins with AGE-SECRET-KEY-1.");
    const answer = await fetch(base);
    if (!answer.ok) throw new Error("The case did not come. Sign in again, and try once more.");
    const told = await answer.json();
    const raw = await unwrapped(told, identities);
    const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
    document.getElementById("sealed-title").textContent = words.decode(await unseal(key, bytes(told.title), place(told.tenant, told.case, "title")));
    const letters = [];
    for (const item of told.items) letters.push(await letter(told, item, key, raw, told.files, identities));
    thread.replaceChildren(...letters);
    document.getElementById("identity-text").value = "";
    document.getElementById("identity-file").value = "";
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "Opening...";
    try { await opened(); said.textContent = "Opened in this page alone. What you save lies on your machine."; }
    catch (error) { thread.replaceChildren(); said.textContent = error.message || "It does not open: something was changed or moved."; }
  });
})();
