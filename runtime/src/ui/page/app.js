// Brings the parts of the page together: what is searched, filtered and chosen.

import { Detail } from "./detail.js";
import { GraphView } from "./graph.js";
import { List } from "./list.js";
import { Log } from "./log.js";
import { Layouts } from "./layouts.js";
import { buildScene, collapsedAtFirst, count } from "./scene.js";
import { Store } from "./store.js";
import { duration, element, identity, place, sign, STATE_NAMES, STATES, URGENCY } from "./words.js";

const $ = (id) => document.getElementById(id);

const store = new Store();
const wanted = { text: "", states: new Set(), kinds: new Set(), sort: "state" };
let collapsed = null;
/** What is looked at: a resource, and the one of its members that is meant. */
let selected = null;
let member = null;
let scene = null;
let texts = new Map();
/** All resources, in the order in which they are listed. */
let ordered = [];

const list = new List($("list"), store, (resource) => choose(resource, true));
const detail = new Detail($("detail"), store, (resource, member) => choose(resource, true, member), () => close());
const log = new Log($("log"), $("log-count"), (kind, name) => chooseNamed(kind, name));
const graph = new GraphView($("graph"), store, {
	choose: (resource) => choose(resource, false),
	open: (kind) => collapse(kind, false),
});
const layouts = new Layouts((done) => {
	graph.show(done, true);
	document.documentElement.dataset.layout = "done";
});

// Who looks from outside, such as a test, finds things here.
window.mgmt = { store, graph };

// What is chosen, searched and filtered.

function choose(resource, reveal, part = null) {
	selected = resource ?? null;
	member = selected && part;
	detail.show(selected, member);
	list.select(selected, true);
	graph.select(selected, reveal);
	const hash = selected ? `#${encodeURIComponent(identity(member ?? selected))}` : location.pathname;
	history.replaceState(null, "", hash);
}

/** Who closes the details by the keyboard goes on in the list. */
function close() {
	const inside = $("detail").contains(document.activeElement);
	choose(null);
	if (inside) $("list").focus();
}

function chooseNamed(kind, name) {
	const resource = store.find(kind, name);
	const part = resource?.members?.find((each) => each.kind === kind && each.name === name);
	if (resource) choose(resource, true, part);
}

function chooseFromAddress() {
	const [, kind, name] = /^#([^[]+)\[(.*)\]$/s.exec(decodeURIComponent(location.hash)) ?? [];
	if (kind) chooseNamed(kind, name);
}

function haystack(resource) {
	let text = texts.get(resource.id);
	if (text === undefined) {
		const members = resource.members?.map(identity) ?? [];
		text = [identity(resource), place(resource.place), ...members].join("\n").toLowerCase();
		texts.set(resource.id, text);
	}
	return resource.error ? `${text}\n${resource.error.toLowerCase()}` : text;
}

function update() {
	const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
	const matches = (resource) =>
		(!wanted.states.size || wanted.states.has(store.state(resource))) &&
		(!wanted.kinds.size || wanted.kinds.has(resource.kind)) &&
		words.every((word) => haystack(resource).includes(word));
	// Most of it is in order already.
	ordered.sort(ORDERS[wanted.sort]);
	const rows = ordered.filter(matches);
	list.show(rows);
	const all = store.resources.size;
	$("shown").textContent = `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "resource" : "resources"}`;
	$("of").textContent = rows.length === all ? "" : `of ${all.toLocaleString("en")}`;
	graph.emphasise(rows.length === all ? null : new Set(rows.map((row) => row.id)));
	const none = all ? (rows.length ? "" : "Nothing matches the search and the filters.") : store.status?.generation ? "The program declares no resources." : "The first graph is not there yet.";
	$("empty").hidden = !none;
	$("empty").textContent = none;
}

/** `n2` stands before `n10`. */
const { compare } = new Intl.Collator("en", { numeric: true });
const byName = (a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : compare(a.name, b.name));
const ORDERS = {
	state: (a, b) => URGENCY.get(store.state(a)) - URGENCY.get(store.state(b)) || byName(a, b),
	name: byName,
	recent: (a, b) => (b.last_change ?? 0) - (a.last_change ?? 0) || byName(a, b),
	slow: (a, b) => (b.timing?.max ?? -1) - (a.timing?.max ?? -1) || byName(a, b),
};

/** Calls it soon, however often it is asked for. */
function soon(call, pause) {
	let timer = 0;
	return () => (timer ||= setTimeout(() => ((timer = 0), call()), pause));
}

const updateSoon = soon(update, 120);

// The parts of the page.

function drawStates() {
	const counts = new Map(STATE_NAMES.map((state) => [state, 0]));
	for (const [state, number] of Object.entries(store.status?.states ?? {})) counts.set(state, number);
	let changed = 0;
	for (const id of store.recent.keys()) changed += store.resources.get(id)?.state === "ok" ? 1 : 0;
	counts.set("changed", changed);
	counts.set("ok", Math.max(0, counts.get("ok") - changed));
	if (!$("states").childElementCount) {
		$("states").append(...STATE_NAMES.map((state) => element("button", { type: "button", class: "chip", data: { state }, "aria-pressed": "false", onclick: () => toggleState(state) }, sign(state, 15), element("span", {}, STATES[state].label), element("b", {}, "0"))));
	}
	for (const chip of $("states").children) {
		const { state } = chip.dataset;
		chip.querySelector("b").textContent = counts.get(state).toLocaleString("en");
		chip.classList.toggle("none", counts.get(state) === 0 && !wanted.states.has(state));
		chip.setAttribute("aria-pressed", wanted.states.has(state));
	}
}

function toggleState(state) {
	if (!wanted.states.delete(state)) wanted.states.add(state);
	drawStates();
	update();
}

function drawKinds() {
	const counts = new Map();
	for (const { kind } of store.resources.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	for (const kind of wanted.kinds) if (!counts.has(kind)) wanted.kinds.delete(kind);
	const rows = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([kind, number]) =>
		element(
			"div",
			{ class: "kind", data: { kind } },
			element("button", { type: "button", class: "kind-name", "aria-pressed": `${wanted.kinds.has(kind)}`, title: `Show only the kind ${kind}`, onclick: () => toggleKind(kind) }, element("span", {}, kind), element("b", {}, number.toLocaleString("en"))),
			element("button", { type: "button", class: "kind-fold", "aria-expanded": `${!collapsed.has(kind)}`, "aria-label": `${collapsed.has(kind) ? "Expand" : "Collapse"} ${kind} in the graph`, title: collapsed.has(kind) ? "Expand in the graph" : "Collapse in the graph", onclick: () => collapse(kind, !collapsed.has(kind)) }, collapsed.has(kind) ? "▸" : "▾"),
		),
	);
	const { activeElement } = document;
	const [kind, button] = [activeElement?.closest(".kind")?.dataset.kind, activeElement?.className];
	$("kinds").replaceChildren(...rows);
	// Who was on a button stays there.
	if (kind) [...$("kinds").children].find((row) => row.dataset.kind === kind)?.querySelector(`.${button}`)?.focus();
}

function toggleKind(kind) {
	if (!wanted.kinds.delete(kind)) wanted.kinds.add(kind);
	drawKinds();
	update();
}

function collapse(kind, fold) {
	if (fold) collapsed.add(kind);
	else collapsed.delete(kind);
	drawKinds();
	layOut(true);
}

function layOut(folds) {
	document.documentElement.dataset.layout = "busy";
	scene = buildScene(store, collapsed);
	layouts.start(scene, folds);
}

function drawStatus() {
	const { status, connection } = store;
	const lost = connection === "lost";
	$("connection").dataset.state = connection;
	document.documentElement.dataset.stale = `${lost || status?.ended === true}`;
	$("connection").textContent = { connecting: "connecting", live: "live", lost: "not connected" }[connection];
	$("banner").hidden = !lost && !status?.ended;
	$("banner").textContent = status?.ended ? "The run has ended. This is how it was at the end; it goes on when the agent does." : "The agent can not be reached. This is how it was; it is asked again and again.";
	if (!status) return;
	document.title = `${status.hostname} · mgmt`;
	$("hostname").textContent = status.hostname;
	$("program").textContent = status.program;
	$("program").title = status.program;
	$("noop").hidden = !status.noop;
	const of = (state) => status.states[state] ?? 0;
	const [mood, words] = health(status, of);
	$("health").className = `pill ${mood}`;
	$("health").textContent = words;
	drawTime();
	drawStates();
}

/** In what condition the whole is. */
function health(status, of) {
	if (status.ended) return ["waiting", "ended"];
	if (of("failed")) return ["failed", `${of("failed")} failed`];
	if (of("retrying")) return ["retrying", `${of("retrying")} retrying`];
	if (status.paused) return ["checking", "changing graphs"];
	if (!status.settled) return ["checking", "working"];
	if (of("differs")) return ["differs", `${of("differs")} to change`];
	return ["ok", status.converged ? "converged" : "all as it should be"];
}

function drawTime() {
	const { status } = store;
	if (!status) return;
	$("facts").textContent = `mgmt ${status.version} · graph ${status.generation} · up ${duration(store.now() - status.started)}`;
}

// What the agent says.

store.addEventListener("graph", ({ detail: { ids, gone } }) => {
	if (ids) {
		for (const id of [...ids, ...gone]) texts.delete(id);
		const fresh = new Set(ids);
		ordered = ordered.filter(({ id }) => store.resources.has(id) && !fresh.has(id)).concat(ids.map((id) => store.resources.get(id)));
	} else {
		texts = new Map();
		ordered = [...store.resources.values()];
	}
	if (!collapsed) collapsed = collapsedAtFirst(store.resources);
	drawStatus();
	drawKinds();
	update();
	layOut();
	if (selected) {
		// Who has scrolled away stays there.
		selected = store.resources.get(selected.id) ?? store.find(selected.kind, selected.name) ?? null;
		member &&= selected?.members?.find((each) => identity(each) === identity(member)) ?? null;
		detail.show(selected, member);
		list.select(selected, false);
		graph.select(selected, false);
	} else chooseFromAddress();
	document.documentElement.dataset.ready = "yes";
});
store.addEventListener("live", ({ detail: { ids } }) => {
	const groups = new Set();
	for (const id of ids ?? []) {
		const node = scene?.nodes[scene.byResource.get(id)];
		if (!node) continue;
		if (node.members) groups.add(node);
		else count(node, store);
	}
	for (const node of groups) count(node, store);
	graph.draw();
	list.draw();
	detail.refresh(ids);
	drawStates();
	// The order and the filters go by what is new.
	updateSoon();
});
store.addEventListener("status", drawStatus);
store.addEventListener("connection", drawStatus);
store.addEventListener("log", ({ detail: { all, entries } }) => {
	if (all) log.replace(store.log);
	else log.add(entries);
	for (const entry of entries ?? []) {
		if (entry.event !== "notified") continue;
		const from = store.find(entry.kind, entry.name);
		for (const other of entry.others ?? []) {
			const to = store.find(other.kind, other.name);
			if (from && to) graph.pulse(from.id, to.id);
		}
	}
});
let ticks = 0;
store.addEventListener("time", () => {
	if (++ticks % 4) return;
	drawTime();
	list.draw();
});

// What people do.

$("search").addEventListener("input", () => {
	wanted.text = $("search").value;
	update();
});
$("search").addEventListener("keydown", (event) => {
	if (event.key === "ArrowDown" || event.key === "Enter") $("list").focus();
});
$("sort").addEventListener("change", () => {
	wanted.sort = $("sort").value;
	update();
});
$("collapse").addEventListener("click", () => {
	collapsed = new Set([...store.resources.values()].map(({ kind }) => kind));
	drawKinds();
	layOut(true);
});
$("expand").addEventListener("click", () => {
	collapsed = new Set();
	drawKinds();
	layOut(true);
});
$("zoom-in").addEventListener("click", () => graph.zoom(1.35));
$("zoom-out").addEventListener("click", () => graph.zoom(1 / 1.35));
$("fit").addEventListener("click", () => graph.fit());
document.addEventListener("keydown", (event) => {
	const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
	if (event.key === "/" && !typing) {
		event.preventDefault();
		$("search").focus();
		$("search").select();
	} else if (event.key === "Escape") {
		if (typing && $("search").value) {
			$("search").value = wanted.text = "";
			update();
		} else close();
	}
});

drawStates();
store.start();
