// Everything about one resource.

import { ago, dateTime, duration, element, explain, identity, place, sign, STATES, time } from "./words.js";

/** So many neighbours are named on each side. */
const NEIGHBOURS = 30;
/** While it changes, it is asked for this often at most. */
const PAUSE = 400;

export class Detail {
	#pane;
	#store;
	#choose;
	#close;
	#resource = null;
	/** What is looked at, if it runs as a part of the resource. */
	#member = null;
	#asked = 0;
	#timer = 0;
	#shown = null;

	/** `choose` is called with another resource to look at, and the member of it that is meant; `close` when somebody has seen enough. */
	constructor(pane, store, choose, close) {
		this.#pane = pane;
		this.#store = store;
		this.#choose = choose;
		this.#close = close;
	}

	show(resource, member) {
		const another = resource?.id !== this.#resource?.id || member?.name !== this.#member?.name;
		this.#resource = resource;
		this.#member = member;
		this.#pane.hidden = !resource;
		if (!resource) return;
		if (another) {
			this.#shown = null;
			this.#draw(null);
			this.#pane.scrollTop = 0;
		}
		this.#ask();
	}

	/** Something about some resources is new. */
	refresh(ids) {
		if (!this.#resource) return;
		this.#resource = this.#store.resources.get(this.#resource.id) ?? this.#resource;
		if (!ids || ids.includes(this.#resource.id)) {
			this.#draw(this.#shown);
			this.#ask();
		}
	}

	#ask() {
		if (this.#timer) return;
		const wait = Math.max(0, this.#asked + PAUSE - Date.now());
		this.#timer = setTimeout(async () => {
			this.#timer = 0;
			this.#asked = Date.now();
			const [resource, member] = [this.#resource, this.#member];
			if (!resource) return;
			try {
				const details = await this.#store.details(member ?? resource);
				if (resource.id === this.#resource?.id && member?.name === this.#member?.name) this.#draw(details);
			} catch {
				// It is gone, or so is the agent; both are told elsewhere.
			}
		}, wait);
	}

	#draw(details) {
		this.#shown = details;
		const resource = this.#resource;
		const shown = this.#member ?? resource;
		const state = this.#store.state(resource);
		const focused = this.#pane.contains(document.activeElement) ? focusKey(document.activeElement) : null;
		const open = new Set([...this.#pane.querySelectorAll("details[open]")].map((each) => each.dataset.key));
		const parts = [
			element(
				"div",
				{ class: "detail-head" },
				element("div", { class: "detail-kind" }, shown.kind, resource.reversal && element("span", { class: "tag" }, "undoes"), resource.hidden && element("span", { class: "tag" }, "hidden"), resource.noop && element("span", { class: "tag" }, "noop")),
				element("button", { type: "button", class: "icon-button", "aria-label": "Close the details", onclick: () => this.#close() }, "×"),
			),
			element("h2", { class: "detail-name", tabindex: "-1" }, shown.name),
			shown.place && element("p", { class: "detail-place" }, "declared at ", element("code", {}, `${place(shown.place)}:${shown.place.column}`)),
			this.#member && element("p", { class: "detail-place" }, "runs as a part of ", element("button", { type: "button", class: "about", onclick: () => this.#choose(resource) }, identity(resource))),
			element("p", { class: `detail-state ${state}` }, sign(state, 18), element("strong", {}, STATES[state].label), element("span", {}, explain(state, resource.waits_for))),
			resource.error && element("pre", { class: "error" }, resource.error),
			this.#figures(this.#member ? (details ?? { checks: "–", changes: "–", failures: "–" }) : resource),
			!this.#member && this.#members(resource),
			details && params(details.params),
			this.#neighbours("Runs after", this.#store.before.get(resource.id) ?? [], "from"),
			this.#neighbours("Runs before", this.#store.after.get(resource.id) ?? [], "to"),
			details && this.#history(details.history, open),
		];
		const { scrollTop } = this.#pane;
		this.#pane.replaceChildren(...parts.filter(Boolean));
		this.#pane.scrollTop = scrollTop;
		if (focused) [...this.#pane.querySelectorAll("button, summary, [tabindex]")].find((each) => focusKey(each) === focused)?.focus({ preventScroll: true });
	}

	#figures(resource) {
		const now = this.#store.now();
		const figure = (label, value, title) => element("div", { class: "figure", title }, element("dt", {}, label), element("dd", {}, value));
		return element(
			"dl",
			{ class: "figures" },
			figure("checks", `${resource.checks}`),
			figure("changes", `${resource.changes}`),
			figure("failures", `${resource.failures}`),
			figure("last", duration(resource.timing?.last), "How long the last check took"),
			figure("mean", duration(resource.timing?.mean), "How long checks take on average"),
			figure("max", duration(resource.timing?.max), "How long the longest check took"),
			figure("checked", resource.last_check ? ago(resource.last_check, now) : "never"),
			figure("changed", resource.last_change ? ago(resource.last_change, now) : "never"),
		);
	}

	#members(resource) {
		if (!resource.members) return null;
		const items = resource.members.slice(0, NEIGHBOURS).map((member) => element("li", {}, element("button", { type: "button", class: "neighbour", onclick: () => this.#choose(resource, member) }, identity(member)), element("span", { class: "dim" }, ` ${place(member.place)}`)));
		const rest = resource.members.length - NEIGHBOURS;
		return section(`Runs together with · ${resource.members.length}`, element("ul", { class: "plain" }, items, rest > 0 && element("li", { class: "dim" }, `and ${rest} more`)));
	}

	#neighbours(title, edges, end) {
		if (!edges.length) return null;
		const items = edges.slice(0, NEIGHBOURS).map((edge) => {
			const other = this.#store.resources.get(edge[end]);
			if (!other) return null;
			const marks = [edge.kind === "automatic" && "automatic", edge.notify && "notifies", ...(edge.sends ?? []).map((sent) => `${sent.key} → ${sent.param}`)].filter(Boolean);
			return element(
				"li",
				{},
				element("button", { type: "button", class: "neighbour", onclick: () => this.#choose(other) }, sign(this.#store.state(other), 14), element("span", {}, identity(other))),
				marks.map((mark) => element("span", { class: "tag" }, mark)),
			);
		});
		const rest = edges.length - NEIGHBOURS;
		return section(`${title} · ${edges.length}`, element("ul", { class: "plain" }, items, rest > 0 && element("li", { class: "dim" }, `and ${rest} more`)));
	}

	#history(passes, open) {
		if (!passes.length) return section("History", element("p", { class: "dim" }, "It has not run yet."));
		return section("History", element("ol", { class: "history" }, passes.map((pass) => this.#pass(pass, open))));
	}

	#pass(pass, open) {
		const key = `${pass.time}`;
		const shape = { ok: "ok", changed: "changed", differs: "differs", failed: "failed", interrupted: "waiting" }[pass.result];
		const words = { ok: pass.count > 1 ? `${pass.count} checks, all ok` : "ok", changed: "changed", differs: "would change", failed: "failed", interrupted: "interrupted" }[pass.result];
		const head = [element("time", { title: dateTime(pass.time), datetime: new Date(pass.time).toISOString() }, time(pass.time)), sign(shape, 14), element("span", {}, words), element("span", { class: "dim right" }, duration(pass.elapsed))];
		const body = [pass.error && element("pre", { class: "error" }, pass.error), ...(pass.changes ?? []).map(change)].filter(Boolean);
		if (!body.length) return element("li", { class: "pass" }, element("div", { class: "pass-head" }, head));
		const newest = this.#shown?.history.find((each) => each.changes || each.error) === pass;
		return element("li", { class: "pass" }, element("details", { data: { key }, open: open.has(key) || newest }, element("summary", { class: "pass-head" }, head), body));
	}
}

/** What tells a part that can have the focus from the others, also after it was drawn anew. */
function focusKey(part) {
	return `${part.localName} ${part.closest("[data-key]")?.dataset.key ?? ""} ${part.getAttribute("aria-label") ?? part.textContent}`;
}

function section(title, ...children) {
	return element("section", { class: "part" }, element("h3", {}, title), children);
}

function params(all) {
	const names = Object.keys(all);
	if (!names.length) return null;
	const rows = names.map((name) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, param(all[name]))));
	return section("Parameters", element("table", { class: "params" }, element("tbody", {}, rows)));
}

function param(param) {
	if ("received" in param) return element("span", { class: "dim" }, `from ${identity(param.received)}: ${param.received.key}`);
	if ("private" in param) return element("span", { class: "dim" }, "(not shown)");
	const value = param.value ?? param.begins;
	return element("code", {}, typeof value === "string" ? value : JSON.stringify(value));
}

function change(change) {
	switch (change.type) {
		case "property":
			return element("p", { class: "change" }, `${change.name}: `, element("del", {}, change.old), " → ", element("ins", {}, change.new));
		case "content":
			return element("div", { class: "change" }, element("p", {}, change.created ? "created " : "changed ", element("code", {}, change.path), change.note ? `: ${change.note}` : ""), change.diff && diff(change.diff));
		default:
			return element("p", { class: "change" }, change.text);
	}
}

function diff(text) {
	const kinds = { "+": "added", "-": "removed", "@": "hunk" };
	const lines = text.replace(/\n$/, "").split("\n");
	return element("pre", { class: "diff", tabindex: "0", role: "group", "aria-label": "Difference" }, lines.map((line) => element("span", { class: kinds[line[0]] ?? "same" }, `${line}\n`)));
}
