/* Sends the console's forms as JSON and keeps live parts of a page current. Without it, pages can be read. */
"use strict";

const SETTLE_MS = 600; // a click that soon after the page has moved was meant for something else
const GONE = "The gateway cannot be reached: what you see may be old.";
const said = document.getElementById("said");
const lost = document.getElementById("lost");
const written = new WeakMap(); // element → its markup as the server wrote it, live parts in it left out
let etag = "";
let movedAt = -SETTLE_MS;
let hushed = 0;

function tell(sentence, look) {
  said.textContent = sentence;
  said.className = look;
  clearTimeout(hushed);
  hushed = setTimeout(() => { said.textContent = ""; said.className = ""; }, 8000);
}

function fieldsOf(form, submitter) {
  const fields = Object.create(null);
  for (const [name, value] of new FormData(form, submitter)) {
    if (typeof value === "string") (fields[name] ??= []).push(value);
  }
  return fields;
}

async function send(form, submitter) {
  const body = JSON.stringify(fieldsOf(form, submitter));
  const buttons = form.querySelectorAll("button:enabled");
  form.setAttribute("aria-busy", "true");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(form.getAttribute("action"), { method: "POST", headers, body });
    const told = await answer.json().catch(() => ({ said: `The gateway answered ${answer.status}.` }));
    tell(told.said ?? `The gateway answered ${answer.status}.`, answer.ok ? "good" : "bad");
    if (!answer.ok) return;
    form.reset();
    if (told.go) location.assign(told.go);
    else await renew();
    if (!form.isConnected) document.getElementById("main").focus({ preventScroll: true });
  } catch {
    tell("The gateway cannot be reached: nothing is known of what became of this.", "bad");
  } finally {
    form.removeAttribute("aria-busy");
    buttons.forEach((button) => { button.disabled = false; });
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("method") !== "post") return;
  event.preventDefault();
  if (performance.now() - movedAt < SETTLE_MS) tell("The page has just changed: look again.", "bad");
  else if (!form.hasAttribute("aria-busy")) send(form, event.submitter);
});

/* Puts the children of `fresh` into `shown`; one that the server has not changed stays as it is, with what
   was typed into it, unfolded in it and scrolled in it. Live parts within it are merged by themselves. */
function merge(shown, fresh) {
  if (!shown.children.length && !fresh.children.length) {
    if (shown.textContent !== fresh.textContent) shown.textContent = fresh.textContent;
    return;
  }
  const known = new Map([...shown.children].map((child) => [child.id, child]));
  const wanted = [...fresh.children].map((child) => {
    const same = known.get(child.id);
    known.delete(child.id);
    return same && written.get(same) === markup(child) ? same : remember(child);
  });
  const kept = new Set(wanted);
  for (const child of [...shown.children]) if (!kept.has(child)) moved(() => child.remove());
  let at = shown.firstElementChild;
  for (const child of wanted) {
    if (child === at) at = at.nextElementSibling;
    else moved(() => shown.insertBefore(child, at));
  }
}

function moved(change) {
  change();
  movedAt = performance.now();
}

function markup(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("[data-live]").forEach((part) => part.replaceChildren());
  return copy.outerHTML;
}

function remember(element) {
  for (const one of [element, ...element.querySelectorAll("[data-live] > *")]) written.set(one, markup(one));
  return element;
}

async function renew() {
  const headers = etag ? { "if-none-match": etag } : {};
  const answer = await fetch(location.href, { headers }).catch(() => { throw new Error(GONE); });
  if (answer.status === 304 || answer.status === 404) return;
  if (!answer.ok || answer.redirected) throw new Error(`The gateway answered ${answer.status}: load this page anew.`);
  etag = answer.headers.get("etag") ?? "";
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = fresh.title;
  document.body.dataset.poll = fresh.body.dataset.poll;
  for (const shown of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(shown.id);
    if (next) merge(shown, next);
  }
}

async function watch() {
  const wait = Number(document.body.dataset.poll) * (document.hidden ? 3 : 1);
  await new Promise((wake) => { setTimeout(wake, wait); });
  const problem = await renew().then(() => "", (error) => error.message);
  lost.hidden = !problem;
  lost.textContent = problem;
  watch();
}

document.querySelectorAll("[data-live] > *").forEach(remember);
document.addEventListener("visibilitychange", () => { if (!document.hidden) renew().catch(() => {}); });
watch();
