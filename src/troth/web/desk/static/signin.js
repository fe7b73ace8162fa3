// Passkeys: asks the browser, and sends its answer with an ordinary form.
"use strict";
(() => {
  const said = document.getElementById("said");
  const tell = (text) => { said.textContent = text; };
  const keep = document.getElementById("keep");
  const enter = document.getElementById("passkey");
  const able = window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON;
  if (!able) { tell("This browser has no passkeys."); return; }
  const send = (form, credential) => { form.elements.credential.value = JSON.stringify(credential.toJSON()); form.submit(); };
  if (keep) keep.addEventListener("submit", async (event) => {
    event.preventDefault();
    try { send(keep, await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(keep.dataset.options)) })); }
    catch (error) { tell("No passkey was made. You can do it later."); }
  });
  const confirm = document.getElementById("confirm");
  if (confirm) confirm.addEventListener("submit", async (event) => {
    event.preventDefault();
    try { send(confirm, await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(confirm.dataset.options)) })); }
    catch (error) { tell("Nothing was confirmed. Try again with a passkey of this desk."); }
  });
  if (enter) enter.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const options = await (await fetch("/signin/options", { method: "POST" })).json();
      send(enter, await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }));
    } catch (error) { tell("That did not work. Try again, or ask a coordinator for a new link."); }
  });
})();
