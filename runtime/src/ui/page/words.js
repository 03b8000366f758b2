// What people read: states and their signs, times, names.

/** States in the order of their urgency. The signs are paths in a square of 16. */
export const STATES = {
	failed: { label: "failed", sign: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM5 6.2 6.2 5 8 6.8 9.8 5 11 6.2 9.2 8 11 9.8 9.8 11 8 9.2 6.2 11 5 9.8 6.8 8Z" },
	retrying: { label: "retrying", sign: "M8 1.2 15.4 14.5H.6ZM7.2 6h1.6v4.2H7.2Zm0 5.3h1.6v1.6H7.2Z" },
	blocked: { label: "blocked", sign: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM4 7h8v2H4Z" },
	differs: { label: "differs", sign: "M8 .8 15.2 8 8 15.2.8 8ZM8 3.6 3.6 8 8 12.4 12.4 8Z" },
	checking: { label: "checking", sign: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 2a5 5 0 0 1 0 10Z" },
	waiting: { label: "waiting", sign: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 2a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z" },
	changed: { label: "changed", sign: "M8 .8 15.2 8 8 15.2.8 8ZM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z" },
	ok: { label: "ok", sign: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM6.9 11.2 3.9 8.2l1.2-1.2 1.8 1.8 4-4 1.2 1.2Z" },
};

export const STATE_NAMES = Object.keys(STATES);
export const URGENCY = new Map(STATE_NAMES.map((state, at) => [state, at]));

const EXPLAINED = {
	failed: "It failed for good.",
	retrying: "It failed, and is tried again.",
	blocked: "It does not run, for something before it failed.",
	differs: "It is not as it should be, and must not be changed.",
	checking: "It is being looked at, or changed.",
	changed: "It was changed a moment ago.",
	ok: "It is as it should be.",
};
const WAITS = {
	watch: "It waits for its watch to listen.",
	order: "It waits for what comes before it.",
	turn: "It is about to run.",
	limit: "It waits for its rate limit.",
	semaphore: "It waits for a semaphore.",
};

/** How many of some are how, the worst first: `2 failed, 998 ok`. */
export function summary(counts) {
	const present = STATE_NAMES.filter((state) => counts.has(state));
	return present.map((state) => `${counts.get(state).toLocaleString("en")} ${STATES[state].label}`).join(", ");
}

export function explain(state, waitsFor) {
	return state === "waiting" ? WAITS[waitsFor] ?? "It waits." : EXPLAINED[state];
}

export const identity = (resource) => `${resource.kind}[${resource.name}]`;
export const place = (where) => (where ? `${where.file}:${where.line}` : "");

/** A duration in milliseconds, in few characters. */
export function duration(milliseconds) {
	if (milliseconds === undefined || milliseconds === null) return "–";
	if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`;
	if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
	if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
	const seconds = milliseconds / 1000;
	if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

export function ago(then, now) {
	const past = Math.max(0, now - then);
	return past < 1500 ? "now" : `${duration(past)} ago`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const calendar = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
export const time = (moment) => clock.format(moment);
export const dateTime = (moment) => calendar.format(moment);

/** An element with properties, attributes and children; texts are never read as HTML. */
export function element(tag, properties = {}, ...children) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (value === undefined || value === null || value === false) continue;
		if (name === "class") made.className = value;
		else if (name === "data") Object.assign(made.dataset, value);
		else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
		else made.setAttribute(name, value === true ? "" : value);
	}
	made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
	return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** The sign of a state. */
export function sign(state, size = 16) {
	const svg = document.createElementNS(SVG, "svg");
	for (const [name, value] of Object.entries({ viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true", class: `sign ${state}` })) svg.setAttribute(name, value);
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", STATES[state].sign);
	path.setAttribute("fill-rule", "evenodd");
	path.setAttribute("fill", "currentColor");
	svg.append(path);
	return svg;
}
