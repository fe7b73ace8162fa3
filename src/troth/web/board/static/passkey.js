// Passkeys: the only thing on the board that needs a script. Everything else works without.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const say = (words) => { document.getElementById("passkey-says").textContent = words; };
  const post = async (url, csrf, body) => {
    const answer = await fetch(url, { method: "POST", headers: { "x-csrf": csrf, "content-type": "application/json" }, body: body ?? "", credentials: "same-origin" });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.says || "It was refused.");
    return told;
  };
  const opened = (options) => {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const list of [options.excludeCredentials, options.allowCredentials]) for (const one of list ?? []) one.id = bytes(one.id);
    return options;
  };
  const closed = (made) => {
    const response = { clientDataJSON: text(made.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (made.response[name]) response[name] = text(made.response[name]);
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
  };
  const act = async (button) => {
    const { passkey, csrf, job } = button.dataset;
    const url = passkey === "register" ? "/passkey/register" : `/passkey/approve/${job}`;
    const publicKey = opened(await post(`${url}/options`, csrf));
    const made = passkey === "register" ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
    say("Working…");
    location.href = (await post(url, csrf, closed(made))).go;
  };
  if (!window.PublicKeyCredential) return;
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      act(button).catch((error) => { button.disabled = false; say(error.message); });
    });
  }
})();
