// A log of any length: only the lines that are seen are in the page, and text stays text.
const root = document.getElementById("log");
const view = document.getElementById("lines");
const space = document.getElementById("space");
const base = root.dataset.log;
const HEIGHT = 18, BEFORE = 60, PART = 400, HIGHEST = 12e6;
const state = { total: 0, complete: false, parts: new Map(), asked: new Set(), target: -1, matches: [], match: -1, query: "", marks: 0 };

const whole = () => Math.min(state.total * HEIGHT, HIGHEST);
const scale = () => (state.total * HEIGHT > HIGHEST ? (state.total * HEIGHT - view.clientHeight) / (HIGHEST - view.clientHeight) : 1);
const firstSeen = () => Math.max(0, Math.floor((view.scrollTop * scale()) / HEIGHT));

async function ask(path) {
  const answer = await fetch(`${base}${path}`);
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function load(part) {
  if (state.asked.has(part)) return;
  state.asked.add(part);
  try {
    take(await ask(`/lines?from=${part * PART}&count=${PART}`), part);
  } catch { /* the next look asks again */ } finally { state.asked.delete(part); }
}

function take(answer, part) {
  state.complete = answer.complete;
  const grew = answer.total !== state.total;
  state.total = answer.total;
  if (answer.lines.length) state.parts.set(part, answer.lines);
  if (state.parts.size > 40) state.parts.delete([...state.parts.keys()].find((key) => Math.abs(key - part) > 10));
  document.getElementById("size").textContent = `${state.total.toLocaleString()} lines${state.complete ? "" : ", reading…"}`;
  showProblem(answer.problem);
  if (answer.marks.length !== state.marks) showPhases(answer.marks);
  space.style.height = `${whole()}px`;
  if (pending && reach()) pending = false;
  if (grew && follow.checked) view.scrollTop = whole();
  draw();
}

function showProblem(problem) {
  const place = document.getElementById("log-problem");
  place.className = problem ? "problem" : "";
  place.textContent = problem ? (problem.kind === "denied" ? `Missing permission: ${problem.action}. ` : "") + problem.message : "";
}

function showPhases(marks) {
  state.marks = marks.length;
  const ends = new Map(marks.filter((mark) => mark.kind === "end").map((mark) => [mark.name, mark.status]));
  const links = marks.filter((mark) => mark.kind !== "end").map((mark) => {
    const link = document.createElement("a");
    const status = mark.kind === "failed" ? "FAILED" : ends.get(mark.name) || "";
    link.href = `#L${mark.line + 1}`;
    link.className = `phase ${status}`;
    link.textContent = `${{ SUCCEEDED: "✓ ", FAILED: "✕ " }[status] || ""}${mark.name}`;
    return link;
  });
  document.getElementById("phases").replaceChildren(...links);
}

function row(number, line) {
  const element = document.createElement("div");
  const at = number - firstSeen();
  element.style.top = `${view.scrollTop + at * HEIGHT - (scale() === 1 ? view.scrollTop % HEIGHT : 0)}px`;
  element.className = "line" + (number === state.target ? " target" : "") + (state.matches.includes(number) ? " match" : "");
  const link = document.createElement("a");
  link.href = `#L${number + 1}`;
  link.className = "n";
  link.textContent = number + 1;
  element.append(link);
  for (const [text, classes] of line) {
    const piece = document.createElement("span");
    if (classes) piece.className = classes;
    piece.textContent = text;
    element.append(piece);
  }
  if (line[0] && line[0][0].startsWith("[Container]")) element.classList.add("agent");
  return element;
}

function draw() {
  const first = firstSeen(), last = Math.min(state.total, first + Math.ceil(view.clientHeight / HEIGHT) + 2);
  const rows = [];
  for (let number = first; number < last; number++) {
    const lines = state.parts.get(Math.floor(number / PART));
    const line = lines && lines[number % PART];
    if (line) rows.push(row(number, line)); else load(Math.floor(number / PART));
  }
  space.replaceChildren(...rows);
}

function go(number) {
  follow.checked = false;
  state.target = number;
  view.scrollTop = Math.max(0, ((number - 5) * HEIGHT) / scale());
  draw();
}

// A link may name a line that was not read yet: it is gone to when it is there.
let pending = Boolean(location.hash);
function reach() {
  const line = /^#L(\d+)$/.exec(location.hash);
  if (line && Number(line[1]) <= state.total) go(Number(line[1]) - 1);
  else if (location.hash === "#end" && state.complete) { view.scrollTop = whole(); draw(); }
  else return state.complete;
  return true;
}

async function find(event) {
  event?.preventDefault();
  const query = document.getElementById("search").value;
  if (query !== state.query) {
    const answer = await ask(`/search?q=${encodeURIComponent(query)}`);
    Object.assign(state, { query, matches: answer.lines, match: -1 });
    document.getElementById("found").dataset.more = answer.more ? "+" : "";
  }
  step(1);
}

function step(by) {
  const found = document.getElementById("found"), count = state.matches.length;
  if (!count) { found.textContent = state.query ? "no match" : ""; draw(); return; }
  state.match = (state.match + by + count) % count;
  found.textContent = `${state.match + 1} of ${count}${found.dataset.more}`;
  go(state.matches[state.match]);
}

const follow = document.getElementById("follow");
document.getElementById("search-form").addEventListener("submit", find);
document.getElementById("previous").addEventListener("click", () => step(-1));
document.getElementById("next").addEventListener("click", () => step(1));
follow.addEventListener("change", () => { if (follow.checked) { view.scrollTop = whole(); draw(); } });
view.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
view.addEventListener("wheel", (event) => { if (event.deltaY < 0) follow.checked = false; }, { passive: true });
addEventListener("hashchange", () => { pending = !reach(); });
addEventListener("resize", draw);

async function poll() {
  if (!document.contains(view)) return;
  const part = follow.checked ? Math.max(0, Math.floor((state.total - 1) / PART)) : Math.floor(firstSeen() / PART);
  state.asked.delete(part);
  await load(part);
  if (!state.complete) setTimeout(poll, document.hidden ? 5000 : 700);
}
poll();
