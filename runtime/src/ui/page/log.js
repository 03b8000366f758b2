// What happened, the newest at the end.

import { element, identity, sign, time } from "./words.js";

/** So many lines are shown. */
const LINES = 400;
/** Which sign stands before which event. */
const SIGNS = { changed: "changed", differs: "differs", retrying: "retrying", failed: "failed", recovered: "ok", converged: "ok", unconverged: "checking", lost: "retrying" };

export class Log {
	#box;
	#count;
	#choose;
	#total = 0;
	#follows = true;

	/** `choose` is called with the kind and name of the resource that somebody picks. */
	constructor(box, count, choose) {
		this.#box = box;
		this.#count = count;
		this.#choose = choose;
		box.addEventListener("scroll", () => {
			this.#follows = box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
		}, { passive: true });
		// Lines that become narrower become more; who was at the end stays there.
		new ResizeObserver(() => this.#toEnd()).observe(box);
	}

	replace(entries) {
		this.#total = 0;
		this.#box.replaceChildren();
		this.add(entries);
	}

	add(entries) {
		this.#box.append(...entries.slice(-LINES).map((entry) => this.#line(entry)));
		while (this.#box.childElementCount > LINES) this.#box.firstElementChild.remove();
		this.#toEnd();
		this.#total += entries.length;
		this.#count.textContent = this.#total ? `${this.#total}` : "";
	}

	#toEnd() {
		if (this.#follows) this.#box.scrollTop = this.#box.scrollHeight;
	}

	#line(entry) {
		const about = entry.kind && element("button", { type: "button", class: "about", onclick: () => this.#choose(entry.kind, entry.name) }, identity(entry));
		const shape = SIGNS[entry.event];
		return element(
			"div",
			{ class: "log-line", data: { event: entry.event } },
			element("time", { datetime: new Date(entry.time).toISOString() }, time(entry.time)),
			element("span", { class: "log-sign" }, shape ? sign(shape, 13) : element("span", { class: "log-dot" })),
			element("span", { class: "log-event" }, entry.event),
			element("span", { class: "log-text" }, about ?? "", about ? " " : "", entry.text),
		);
	}
}
