// Live updates, local times, copying and keys. Text from AWS reaches the page as text only: the server escapes it.
const live = document.getElementById("live");
const notice = document.getElementById("notice");

// Make `old` like `fresh`, node by node, so that focus, scroll positions and opened details are kept.
function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || (old.id || "") !== (fresh.id || "")) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE || old.hasAttribute("data-keep")) return;
  for (const { name } of [...old.attributes]) {
    if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.nodeName === "TIME") { old.textContent = fresh.textContent; return; }
  const ids = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const kept = wanted.id && known.get(wanted.id);
    if (kept) at = advance(at, kept, ids);
    if (kept && kept !== at) old.insertBefore(kept, at);
    const target = kept || at;
    if (!target) { old.append(wanted); continue; }
    if (!kept && target.id && target.id !== wanted.id) { old.insertBefore(wanted, target); continue; }
    at = target.nextSibling;
    morph(target, wanted);
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

// Remove what is no more needed before `kept`: an element that is moved would lose its focus.
function advance(at, kept, ids) {
  while (at && at !== kept && !(at.id && ids.has(at.id))) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  return at;
}

function say(text, down = false) {
  notice.hidden = !text;
  notice.textContent = text;
  notice.classList.toggle("down", down);
}

let loading = false, again = false;
async function refresh() {
  if (document.body.hasAttribute("data-still")) return;
  if (loading) { again = true; return; }
  loading = true;
  const text = await read(location.pathname + location.search);
  loading = false;
  if (text !== null) show(text);
  if (again) { again = false; refresh(); }
}

async function read(path) {
  try {
    const answer = await fetch(path, { headers: { accept: "text/html" } });
    if (answer.status !== 401) return await answer.text();
    say("The console was started again: open the URL that it has printed.", true);
  } catch { down(); }
  return null;
}

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.getElementById("live");
  if (!fresh) return;
  morph(live, document.adoptNode(fresh));
  document.title = page.title;
  dress(live);
}

function down() {
  say("The console does not answer: it was ended, or this machine slept. The page goes on as soon as it answers again.", true);
}

function follow() {
  const events = new EventSource("/events");
  let first = true;
  events.onmessage = (event) => {
    const state = JSON.parse(event.data);
    running = state.running;
    throttled = state.throttled;
    if (state.problem) say(`AWS does not answer: ${state.problem}`, true);
    else if (state.throttled) say(`AWS throttles: this console asks every ${Math.round(state.pause)} s.`);
    else say("");
    if (!first) refresh();
    first = false;
  };
  events.onerror = () => {
    down();
    first = false;
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  };
}

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
function dress(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const text = local.format(new Date(time.dateTime));
    if (time.textContent !== text) { time.title = time.textContent; time.textContent = text; }
  }
  for (const details of root.querySelectorAll("details[open] [data-load]")) load(details);
  for (const details of root.querySelectorAll("details:not([data-heard])")) {
    details.dataset.heard = "";
    details.addEventListener("toggle", () => details.open && details.querySelectorAll("[data-load]").forEach(load));
  }
}

async function load(place) {
  if (place.dataset.loaded) return;
  place.dataset.loaded = "yes";
  try {
    const answer = await fetch(place.dataset.load);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...(page.getElementById("part") || page.getElementById("main")).childNodes);
    dress(place);
  } catch { delete place.dataset.loaded; }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "Copied";
  button.dataset.keep = ""; // an update of the page would put "Copy" back
  setTimeout(() => { button.textContent = "Copy"; delete button.dataset.keep; }, 3000);
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

let going = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (going) {
    going = false;
    document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
  } else if (event.key === "g") {
    going = true;
    setTimeout(() => { going = false; }, 1200);
  } else if (event.key === "j" || event.key === "k") {
    move(event.key === "j" ? 1 : -1);
  } else if (event.key === "?") {
    document.getElementById("keys").showModal();
  } else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { search.focus(); event.preventDefault(); }
  }
});

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[Math.max(0, Math.min(rows.length - 1, here + step))];
  const target = row && (row.querySelector("summary, a") || row);
  target?.focus();
}

function readHash() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
}

function openTarget() {
  const target = location.hash && document.getElementById(readHash());
  if (target && target.matches("details")) { target.open = true; target.scrollIntoView({ block: "center" }); }
}

setInterval(() => {
  for (const place of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Date.now() / 1000 - Number(place.dataset.since));
    const whole = Math.round(seconds);
    place.textContent = whole < 60 ? `${whole} s` : whole < 3600 ? `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`
      : `${Math.floor(whole / 3600)} h ${String(Math.floor(whole % 3600 / 60)).padStart(2, "0")} min`;
  }
}, 1000);

// The weights of aliases move while the pipeline, which the events report, is in its stage: its page reads them then.
let running = false, throttled = false;
async function followWeights() {
  const place = document.querySelector("[data-weights]");
  const shared = document.querySelector(".weights rect + rect");
  if (place && !document.hidden && !throttled && (running || shared)) {
    try {
      const answer = await fetch(place.dataset.weights);
      const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
      for (const fresh of page.querySelectorAll(".aliases")) {
        const old = document.getElementById(fresh.id);
        if (old) morph(old, document.adoptNode(fresh));
      }
    } catch { /* the notice says that the console is gone */ }
  }
  setTimeout(followWeights, Number(place?.dataset.every || 2000));
}

// Decisions are no part of the pipeline: their page asks for new ones by itself.
setInterval(async () => {
  const place = document.querySelector("[data-decisions]");
  if (!place || document.hidden) return;
  try {
    const answer = await (await fetch(`/permissions/decisions?from=${place.dataset.decisions}`)).json();
    if (String(answer.total) !== place.dataset.decisions) refresh();
  } catch { /* the notice says that the console is gone */ }
}, 1500);

dress(document);
openTarget();
followWeights();
addEventListener("hashchange", openTarget);
follow();
