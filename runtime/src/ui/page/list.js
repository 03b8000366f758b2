// The resources as a list: only the rows that can be seen exist.

import { ago, duration, element, identity, sign } from "./words.js";

const ROW = 46;
const MARGIN = 6;

export class List {
	#box;
	#store;
	#choose;
	#inner = element("div", { class: "list-inner" });
	#rows = [];
	#selected = null;
	#drawn = new Map();
	#queued = false;

	/** `choose` is called with the resource that somebody picks. */
	constructor(box, store, choose) {
		this.#box = box;
		this.#store = store;
		this.#choose = choose;
		box.append(this.#inner);
		box.addEventListener("scroll", () => this.draw(), { passive: true });
		box.addEventListener("keydown", (event) => this.#key(event));
		new ResizeObserver(() => this.draw()).observe(box);
	}

	show(rows) {
		this.#rows = rows;
		this.#inner.style.height = `${rows.length * ROW}px`;
		this.#box.setAttribute("aria-label", `Resources, ${rows.length} shown`);
		this.draw();
	}

	select(resource, reveal) {
		this.#selected = resource?.id ?? null;
		const at = this.#rows.findIndex((row) => row.id === this.#selected);
		if (reveal && at >= 0) {
			const { scrollTop, clientHeight } = this.#box;
			if (at * ROW < scrollTop) this.#box.scrollTop = at * ROW;
			else if ((at + 1) * ROW > scrollTop + clientHeight) this.#box.scrollTop = (at + 1) * ROW - clientHeight;
		}
		this.draw();
	}

	/** Draws at most once a frame. */
	draw() {
		if (this.#queued) return;
		this.#queued = true;
		requestAnimationFrame(() => {
			this.#queued = false;
			this.#draw();
		});
	}

	#draw() {
		const first = Math.max(0, Math.floor(this.#box.scrollTop / ROW) - MARGIN);
		const last = Math.min(this.#rows.length, Math.ceil((this.#box.scrollTop + this.#box.clientHeight) / ROW) + MARGIN);
		const wanted = new Set();
		for (let at = first; at < last; at++) {
			const resource = this.#rows[at];
			wanted.add(resource.id);
			let row = this.#drawn.get(resource.id);
			if (!row) {
				row = this.#make(resource);
				this.#drawn.set(resource.id, row);
				this.#inner.append(row.element);
			}
			this.#fill(row, resource, at);
		}
		for (const [id, row] of this.#drawn) {
			if (wanted.has(id)) continue;
			row.element.remove();
			this.#drawn.delete(id);
		}
		if (wanted.has(this.#selected)) this.#box.setAttribute("aria-activedescendant", `row-${this.#selected}`);
		else this.#box.removeAttribute("aria-activedescendant");
	}

	#make(resource) {
		const row = {
			sign: element("span", { class: "row-sign" }),
			directory: element("span", { class: "row-directory" }),
			base: element("span", { class: "row-base" }),
			kind: element("span", { class: "row-kind" }),
			note: element("span", { class: "row-note" }),
			state: null,
		};
		row.element = element(
			"div",
			{ class: "row", role: "option", id: `row-${resource.id}`, onclick: () => this.#choose(this.#store.resources.get(resource.id)) },
			row.sign,
			element("span", { class: "row-text" }, element("span", { class: "row-name" }, row.directory, row.base), element("span", { class: "row-line" }, row.kind, row.note)),
		);
		return row;
	}

	#fill(row, resource, at) {
		const state = this.#store.state(resource);
		if (row.state !== state) {
			row.state = state;
			row.sign.replaceChildren(sign(state));
			row.element.dataset.state = state;
		}
		row.element.style.transform = `translateY(${at * ROW}px)`;
		row.element.setAttribute("aria-posinset", at + 1);
		row.element.setAttribute("aria-setsize", this.#rows.length);
		row.element.setAttribute("aria-selected", resource.id === this.#selected);
		row.element.setAttribute("aria-label", `${identity(resource)}, ${state}`);
		const base = resource.name.lastIndexOf("/", resource.name.length - 2) + 1;
		put(row.directory, resource.name.slice(0, base));
		put(row.base, resource.name.slice(base));
		row.element.title = identity(resource);
		put(row.kind, resource.members ? `${resource.kind} +${resource.members.length}` : resource.kind);
		put(row.note, this.#note(resource, state));
	}

	#note(resource, state) {
		if (resource.error) return resource.error;
		if (state === "changed" || state === "ok") {
			return resource.last_change ? `changed ${ago(resource.last_change, this.#store.now())}` : duration(resource.timing?.last);
		}
		return state;
	}

	#key(event) {
		const at = this.#rows.findIndex((row) => row.id === this.#selected);
		const page = Math.max(1, Math.floor(this.#box.clientHeight / ROW) - 1);
		const steps = { ArrowDown: at + 1, ArrowUp: Math.max(at, 1) - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.#rows.length - 1 };
		if (!(event.key in steps) || !this.#rows.length) return;
		event.preventDefault();
		const next = Math.min(Math.max(steps[event.key], 0), this.#rows.length - 1);
		this.#choose(this.#rows[next]);
	}
}

function put(node, text) {
	if (node.textContent !== text) node.textContent = text;
}
