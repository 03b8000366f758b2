// Draws a scene on a canvas, and lets people move in it.

import { around } from "./box.js";
import { duration, STATE_NAMES, STATES, summary } from "./words.js";

const MIN_SCALE = 0.012;
const MAX_SCALE = 2.2;
/** Below this scale vertices are coloured blocks, below that without names. */
const BLOCKS = 0.16;
const NAMES = 0.42;
/** With more edges than this in sight, curves become lines. */
const CURVES = 2500;
/** Edges of less than this on the screen are not seen. */
const SHORT = 4;
/** For so long a notification is seen, in milliseconds. */
const PULSE = 1600;
const GLIDE = 260;
/** What does not go well, the worst first, and how large the signs of so many of each are on the screen. */
const WRONG = ["failed", "retrying", "blocked", "differs"];
const SIGN = 13;
const SIGNS = 400;

export class GraphView {
	#canvas;
	#context;
	#store;
	#handlers;
	#scene = { nodes: [], edges: [], byResource: new Map() };
	#edgesOf = [];
	#view = { x: 0, y: 0, scale: 1 };
	#size = { width: 1, height: 1 };
	#colors = {};
	#signs = {};
	#queued = false;
	#selected = null;
	#matches = null;
	#pulses = [];
	#hover = -1;
	#drag = null;
	#glide = null;
	#touched = false;
	#texts = new Map();

	/** `handlers`: `choose(resource)`, `open(kind)`. */
	constructor(canvas, store, handlers) {
		this.#canvas = canvas;
		this.#context = canvas.getContext("2d");
		this.#store = store;
		this.#handlers = handlers;
		for (const [state, { sign }] of Object.entries(STATES)) this.#signs[state] = new Path2D(sign);
		this.#readColors();
		document.addEventListener("theme", () => {
			this.#readColors();
			this.draw();
		});
		new ResizeObserver(() => this.#resize()).observe(canvas);
		this.#listen();
	}

	show(scene, keep) {
		const first = this.#scene.nodes.length === 0;
		this.#scene = scene;
		this.#hover = -1;
		this.#edgesOf = scene.nodes.map(() => []);
		scene.edges.forEach((edge, at) => {
			this.#edgesOf[edge.from].push(at);
			this.#edgesOf[edge.to].push(at);
		});
		if (first || !keep || !this.#touched) this.fit(first);
		this.draw();
	}

	/** `matches` holds the ids of the resources that stand out; nothing if all do. */
	emphasise(matches) {
		this.#matches = matches;
		this.draw();
	}

	select(resource, reveal) {
		this.#selected = resource?.id ?? null;
		if (reveal && resource) this.#reveal(resource.id);
		this.draw();
	}

	/** A notification goes from one resource to another. */
	pulse(from, to) {
		const [a, b] = [this.#scene.byResource.get(from), this.#scene.byResource.get(to)];
		if (a === undefined || b === undefined || a === b || this.#pulses.length > 200) return;
		this.#pulses.push({ a, b, began: performance.now() });
		this.draw();
	}

	fit(atOnce) {
		const { nodes } = this.#scene;
		if (!nodes.length) return;
		const box = around(nodes);
		const margin = 36;
		const { width, height } = this.#size;
		const scale = clamp(Math.min((width - 2 * margin) / (box.right - box.left), (height - 2 * margin) / (box.bottom - box.top)), MIN_SCALE, 1.15);
		const target = { scale, x: width / 2 - ((box.left + box.right) / 2) * scale, y: height / 2 - ((box.top + box.bottom) / 2) * scale };
		this.#touched = false;
		const { x, y, scale: present } = this.#view;
		if (Math.abs(target.x - x) + Math.abs(target.y - y) < 1 && Math.abs(target.scale / present - 1) < 1e-3) return;
		this.#goTo(target, atOnce);
	}

	zoom(factor) {
		this.#zoomAt(this.#size.width / 2, this.#size.height / 2, factor);
	}

	/** For tests and for those who measure: what is where. */
	get report() {
		return { nodes: this.#scene.nodes.length, edges: this.#scene.edges.length, groups: this.#scene.nodes.filter((node) => node.members).length, scale: this.#view.scale };
	}

	/** Where on the page the vertex of a resource or kind is. */
	position(key) {
		const node = this.#scene.nodes.find((each) => each.key === key);
		if (!node) return null;
		const box = this.#canvas.getBoundingClientRect();
		const { x, y, scale } = this.#view;
		return { x: box.left + x + (node.x + node.width / 2) * scale, y: box.top + y + (node.y + node.height / 2) * scale };
	}

	draw() {
		if (this.#queued) return;
		this.#queued = true;
		requestAnimationFrame((now) => {
			this.#queued = false;
			this.#draw(now);
		});
	}

	#readColors() {
		const style = getComputedStyle(document.documentElement);
		const read = (name) => style.getPropertyValue(`--${name}`).trim();
		for (const name of ["surface", "raised", "text", "dim", "line", "edge", "accent", "sends", "stage"]) this.#colors[name] = read(name);
		for (const state of Object.keys(STATES)) this.#colors[state] = read(state);
		this.#texts.clear();
	}

	#resize() {
		const { clientWidth: width, clientHeight: height } = this.#canvas;
		if (!width || !height) return;
		const ratio = Math.min(devicePixelRatio || 1, 2);
		this.#canvas.width = Math.round(width * ratio);
		this.#canvas.height = Math.round(height * ratio);
		this.#size = { width, height, ratio };
		if (!this.#touched) this.fit(true);
		// At once, for a canvas that got another size is empty.
		this.#draw(performance.now());
	}

	#goTo(target, atOnce) {
		if (atOnce || matchMedia("(prefers-reduced-motion: reduce)").matches) {
			this.#view = target;
			this.#glide = null;
		} else {
			this.#glide = { from: { ...this.#view }, target, began: performance.now() };
		}
		this.draw();
	}

	#reveal(id) {
		const node = this.#scene.nodes[this.#scene.byResource.get(id)];
		if (!node) return;
		const { x, y, scale } = this.#view;
		const [left, top] = [node.x * scale + x, node.y * scale + y];
		const { width, height } = this.#size;
		const visible = left > 0 && top > 0 && left + node.width * scale < width && top + node.height * scale < height;
		if (visible && scale >= NAMES) return;
		const wanted = Math.max(scale, 0.75);
		this.#touched = true;
		this.#goTo({ scale: wanted, x: width / 2 - (node.x + node.width / 2) * wanted, y: height / 2 - (node.y + node.height / 2) * wanted });
	}

	#draw(now) {
		const context = this.#context;
		const { width, height, ratio } = this.#size;
		if (!ratio) return;
		if (this.#glide) {
			const { from, target, began } = this.#glide;
			const part = ease(clamp((now - began) / GLIDE, 0, 1));
			for (const name of ["x", "y", "scale"]) this.#view[name] = from[name] + (target[name] - from[name]) * part;
			if (part >= 1) this.#glide = null;
		}
		const { x, y, scale } = this.#view;
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.clearRect(0, 0, width, height);
		context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
		const sight = { left: -x / scale, top: -y / scale, right: (width - x) / scale, bottom: (height - y) / scale };
		this.#drawEdges(sight, scale);
		const moves = this.#drawNodes(sight, scale, now);
		const pulses = this.#drawPulses(now, scale);
		if (this.#glide || moves || pulses) this.draw();
	}

	#drawEdges(sight, scale) {
		const context = this.#context;
		const { nodes, edges } = this.#scene;
		const chosen = this.#selected === null ? -1 : (this.#scene.byResource.get(this.#selected) ?? -1);
		const styles = new Map();
		let seen = 0;
		for (const edge of edges) {
			const [a, b] = [nodes[edge.from], nodes[edge.to]];
			const near = { left: Math.min(a.x, b.x), right: Math.max(a.x + a.width, b.x + b.width), top: Math.min(a.y, b.y), bottom: Math.max(a.y + a.height, b.y + b.height) };
			if (near.right < sight.left || near.left > sight.right || near.bottom < sight.top || near.top > sight.bottom) continue;
			const length = Math.abs(b.x - a.x - a.width) + Math.abs(b.y - a.y);
			if (length * scale < SHORT) continue;
			const touches = edge.from === chosen || edge.to === chosen || edge.from === this.#hover || edge.to === this.#hover;
			const key = `${touches ? "near" : "far"} ${edge.kind} ${edge.notify ? "notify" : ""}`;
			if (!styles.has(key)) styles.set(key, { touches, kind: edge.kind, notify: edge.notify, edges: [] });
			styles.get(key).edges.push(edge);
			seen += 1;
		}
		const curved = seen <= CURVES;
		for (const style of [...styles.values()].sort((one, other) => one.touches - other.touches)) {
			context.strokeStyle = style.touches ? this.#colors.accent : style.kind === "sends" ? this.#colors.sends : this.#colors.edge;
			context.fillStyle = context.strokeStyle;
			context.globalAlpha = style.touches ? 1 : (chosen >= 0 ? 0.45 : 0.85) * (curved ? 1 : 0.5);
			context.lineWidth = Math.max((style.notify ? 2 : 1.2) * (style.touches ? 1.5 : 1), 0.7 / scale);
			// From afar dashes are not seen, and take long to draw.
			context.setLineDash(style.kind === "automatic" && scale >= BLOCKS ? [5, 5] : []);
			context.beginPath();
			for (const edge of style.edges) path(context, nodes[edge.from], nodes[edge.to], curved, edge.bends);
			context.stroke();
			context.setLineDash([]);
			if (scale >= BLOCKS && curved) {
				context.beginPath();
				for (const edge of style.edges) head(context, nodes[edge.from], nodes[edge.to], style.notify ? 9 : 7);
				context.fill();
			}
		}
		context.globalAlpha = 1;
	}

	#drawNodes(sight, scale, now) {
		const { nodes } = this.#scene;
		const context = this.#context;
		let moves = false;
		const blocks = new Map();
		const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
		nodes.forEach((node, at) => {
			if (node.x > sight.right || node.y > sight.bottom || node.x + node.width < sight.left || node.y + node.height < sight.top) return;
			const faint = this.#isFaint(node);
			if (scale < BLOCKS && !node.members) {
				const key = `${faint ? "faint" : "full"} ${node.state}`;
				if (!blocks.has(key)) blocks.set(key, { faint, state: node.state, nodes: [] });
				blocks.get(key).nodes.push(node);
				return;
			}
			context.globalAlpha = faint ? 0.35 : 1;
			const turns = node.state === "checking" && !still && !faint;
			moves ||= turns;
			if (node.members) this.#drawGroup(node, at, scale);
			else this.#drawCard(node, at, scale, turns ? now : 0);
		});
		for (const block of blocks.values()) {
			context.globalAlpha = block.faint ? 0.15 : 1;
			context.fillStyle = this.#colors[block.state];
			for (const node of block.nodes) context.fillRect(node.x, node.y, node.width, node.height);
		}
		this.#drawWrong(blocks, scale);
		context.globalAlpha = 1;
		const chosen = this.#scene.nodes[this.#scene.byResource.get(this.#selected)];
		if (chosen && scale < BLOCKS) {
			context.strokeStyle = this.#colors.accent;
			context.lineWidth = 3 / scale;
			context.strokeRect(chosen.x, chosen.y, chosen.width, chosen.height);
		}
		return moves;
	}

	/** From afar, what does not go well has its sign beside its colour, in a size that can be seen. */
	#drawWrong(blocks, scale) {
		const context = this.#context;
		const size = SIGN / scale;
		const wrong = [...blocks.values()].filter(({ faint, state }) => !faint && WRONG.includes(state));
		// The worst are drawn last, above the others.
		wrong.sort((one, other) => WRONG.indexOf(other.state) - WRONG.indexOf(one.state));
		context.globalAlpha = 1;
		for (const { state, nodes } of wrong) {
			for (const node of nodes.slice(0, SIGNS)) {
				const [x, y] = [node.x + (node.width - size) / 2, node.y + (node.height - size) / 2];
				context.fillStyle = this.#colors.stage;
				context.beginPath();
				context.arc(x + size / 2, y + size / 2, size * 0.62, 0, 2 * Math.PI);
				context.fill();
				this.#sign(state, x, y, size, 0);
			}
		}
	}

	#isFaint(node) {
		if (!this.#matches) return false;
		if (!node.members) return !this.#matches.has(node.resource.id);
		return !node.members.some((resource) => this.#matches.has(resource.id));
	}

	#frame(node, at, radius) {
		const context = this.#context;
		const chosen = this.#selected !== null && this.#scene.byResource.get(this.#selected) === at;
		context.beginPath();
		context.roundRect(node.x, node.y, node.width, node.height, radius);
		context.fillStyle = this.#colors.raised;
		context.fill();
		const calm = node.state === "ok" || node.state === "waiting";
		context.lineWidth = chosen ? 2.5 : at === this.#hover ? 1.8 : calm ? 1 : 1.5;
		context.strokeStyle = chosen || at === this.#hover ? this.#colors.accent : calm ? this.#colors.line : this.#colors[node.state];
		context.stroke();
	}

	#drawCard(node, at, scale, now) {
		const context = this.#context;
		const { resource } = node;
		const color = this.#colors[node.state];
		this.#frame(node, at, 9);
		context.save();
		context.beginPath();
		context.roundRect(node.x, node.y, node.width, node.height, 9);
		context.clip();
		context.fillStyle = color;
		context.globalAlpha *= node.state === "ok" || node.state === "waiting" ? 0.07 : 0.16;
		context.fillRect(node.x, node.y, node.width, node.height);
		context.restore();
		if (scale < NAMES) {
			this.#sign(node.state, node.x + 9, node.y + 10, node.height - 20, now);
			context.fillStyle = this.#colors.line;
			context.fillRect(node.x + 42, node.y + 14, node.width - 70, 6);
			context.fillRect(node.x + 42, node.y + 26, node.width - 110, 5);
			return;
		}
		this.#sign(node.state, node.x + 11, node.y + 14, 18, now);
		context.textBaseline = "alphabetic";
		context.fillStyle = this.#colors.dim;
		context.font = "500 10.5px system-ui, sans-serif";
		const note = resource.timing ? duration(resource.timing.last) : "";
		context.textAlign = "right";
		context.fillText(note, node.x + node.width - 11, node.y + 18);
		context.textAlign = "left";
		context.fillText(this.#fit(resource.members ? `${resource.kind} +${resource.members.length}` : resource.kind, 100), node.x + 38, node.y + 18);
		context.fillStyle = this.#colors.text;
		context.font = "500 12.5px system-ui, sans-serif";
		context.fillText(this.#fit(resource.name, node.width - 50), node.x + 38, node.y + 35);
	}

	#drawGroup(node, at, scale) {
		const context = this.#context;
		for (const shift of [8, 4]) {
			context.beginPath();
			context.roundRect(node.x + shift, node.y + shift, node.width, node.height, 11);
			context.fillStyle = this.#colors.surface;
			context.strokeStyle = this.#colors.line;
			context.lineWidth = 1;
			context.fill();
			context.stroke();
		}
		this.#frame(node, at, 11);
		// What share of them is how.
		let left = node.x + 14;
		const [top, whole] = [node.y + node.height - 17, node.width - 28];
		context.save();
		context.beginPath();
		context.roundRect(left, top, whole, 7, 3.5);
		context.clip();
		for (const state of STATE_NAMES.filter((each) => node.counts.has(each))) {
			const count = node.counts.get(state);
			const share = Math.max((count / node.members.length) * whole, 2);
			context.fillStyle = this.#colors[state];
			context.fillRect(left, top, share, 7);
			left += share;
		}
		context.restore();
		const size = scale < NAMES ? Math.min(15 * (NAMES / scale), 26) : 15;
		context.textBaseline = "alphabetic";
		context.textAlign = "left";
		context.fillStyle = this.#colors.text;
		context.font = `600 ${size}px system-ui, sans-serif`;
		context.fillText(this.#fit(node.kind, node.width - 110), node.x + 14, node.y + 27);
		context.textAlign = "right";
		context.fillStyle = this.#colors.dim;
		context.font = `500 ${size}px system-ui, sans-serif`;
		context.fillText(node.members.length.toLocaleString("en"), node.x + node.width - 14, node.y + 27);
		context.textAlign = "left";
		this.#sign(node.state, node.x + 14, node.y + 38, 14, 0);
		context.fillStyle = this.#colors.dim;
		context.font = "500 12px system-ui, sans-serif";
		context.fillText(this.#fit(summary(node.counts), node.width - 48), node.x + 34, node.y + 49);
	}

	#sign(state, x, y, size, now) {
		const context = this.#context;
		context.save();
		context.translate(x + size / 2, y + size / 2);
		if (now) context.rotate((now / 500) % (2 * Math.PI));
		context.scale(size / 16, size / 16);
		context.translate(-8, -8);
		context.fillStyle = this.#colors[state];
		context.fill(this.#signs[state], "evenodd");
		context.restore();
	}

	/** As much of a text as fits; of a path its end says more than its beginning. */
	#fit(text, width) {
		const key = `${this.#context.font}|${width}|${text}`;
		let fitting = this.#texts.get(key);
		if (fitting === undefined) {
			fitting = shorten(this.#context, text, width);
			if (this.#texts.size > 20_000) this.#texts.clear();
			this.#texts.set(key, fitting);
		}
		return fitting;
	}

	#drawPulses(now, scale) {
		const context = this.#context;
		this.#pulses = this.#pulses.filter((pulse) => now - pulse.began < PULSE && this.#scene.nodes[pulse.a] && this.#scene.nodes[pulse.b]);
		context.fillStyle = this.#colors.accent;
		for (const { a, b, began } of this.#pulses) {
			const part = ease(clamp((now - began) / PULSE, 0, 1));
			const [x, y] = along(this.#scene.nodes[a], this.#scene.nodes[b], part);
			context.globalAlpha = 1 - part * 0.4;
			context.beginPath();
			context.arc(x, y, Math.max(6, 4 / scale), 0, 2 * Math.PI);
			context.fill();
		}
		context.globalAlpha = 1;
		return this.#pulses.length > 0;
	}

	#at(event) {
		const box = this.#canvas.getBoundingClientRect();
		const x = (event.clientX - box.left - this.#view.x) / this.#view.scale;
		const y = (event.clientY - box.top - this.#view.y) / this.#view.scale;
		return this.#scene.nodes.findLastIndex((node) => x >= node.x && x <= node.x + node.width && y >= node.y && y <= node.y + node.height);
	}

	#zoomAt(x, y, factor) {
		const { view } = { view: this.#view };
		const scale = clamp(view.scale * factor, MIN_SCALE, MAX_SCALE);
		const part = scale / view.scale;
		this.#touched = true;
		this.#glide = null;
		this.#view = { scale, x: x - (x - view.x) * part, y: y - (y - view.y) * part };
		this.draw();
	}

	#listen() {
		const canvas = this.#canvas;
		canvas.addEventListener("wheel", (event) => {
			event.preventDefault();
			const box = canvas.getBoundingClientRect();
			if (event.ctrlKey || !event.shiftKey) this.#zoomAt(event.clientX - box.left, event.clientY - box.top, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)));
			else this.#pan(-event.deltaX - event.deltaY, 0);
		}, { passive: false });
		canvas.addEventListener("pointerdown", (event) => {
			canvas.setPointerCapture(event.pointerId);
			this.#drag = { x: event.clientX, y: event.clientY, moved: false };
		});
		canvas.addEventListener("pointermove", (event) => {
			if (this.#drag) {
				const [x, y] = [event.clientX - this.#drag.x, event.clientY - this.#drag.y];
				if (!this.#drag.moved && Math.hypot(x, y) < 4) return;
				this.#drag = { x: event.clientX, y: event.clientY, moved: true };
				canvas.classList.add("dragging");
				this.#pan(x, y);
				return;
			}
			const hover = this.#at(event);
			if (hover === this.#hover) return;
			this.#hover = hover;
			const node = this.#scene.nodes[hover];
			canvas.title = node ? (node.members ? `${node.members.length} of the kind ${node.kind}: click to show them` : `${node.resource.kind}[${node.resource.name}]`) : "";
			canvas.classList.toggle("over", hover >= 0);
			this.draw();
		});
		canvas.addEventListener("pointerup", (event) => {
			const moved = this.#drag?.moved;
			this.#drag = null;
			canvas.classList.remove("dragging");
			if (moved) return;
			const node = this.#scene.nodes[this.#at(event)];
			if (!node) this.#handlers.choose(null);
			else if (node.members) this.#handlers.open(node.kind);
			else this.#handlers.choose(node.resource);
		});
		canvas.addEventListener("pointercancel", () => (this.#drag = null));
		canvas.addEventListener("keydown", (event) => {
			const step = 60;
			const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
			if (moves[event.key]) this.#pan(...moves[event.key]);
			else if (event.key === "+" || event.key === "=") this.zoom(1.3);
			else if (event.key === "-") this.zoom(1 / 1.3);
			else if (event.key === "0") this.fit();
			else return;
			event.preventDefault();
		});
	}

	#pan(x, y) {
		this.#touched = true;
		this.#glide = null;
		this.#view.x += x;
		this.#view.y += y;
		this.draw();
	}
}

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const ease = (part) => 1 - (1 - part) ** 3;

/** From the right side of one vertex to the left side of another. */
function ends(a, b) {
	return [a.x + a.width, a.y + a.height / 2, b.x - 6, b.y + b.height / 2];
}

function bend(x1, x2) {
	return Math.max(30, Math.abs(x2 - x1) / 2);
}

function path(context, a, b, curved, bends = []) {
	let [x, y, x2, y2] = ends(a, b);
	context.moveTo(x, y);
	const to = (nextX, nextY) => {
		if (curved) context.bezierCurveTo(x + bend(x, nextX), y, nextX - bend(x, nextX), nextY, nextX, nextY);
		else context.lineTo(nextX, nextY);
	};
	for (const point of bends) {
		to(point.x, point.y);
		[x, y] = [point.x + point.width, point.y];
		context.lineTo(x, y);
	}
	to(x2, y2);
}

function head(context, a, b, size) {
	const [, , x, y] = ends(a, b);
	context.moveTo(x + 5, y);
	context.lineTo(x + 5 - size, y - size / 2);
	context.lineTo(x + 5 - size, y + size / 2);
}

function along(a, b, part) {
	const [x1, y1, x2, y2] = ends(a, b);
	const by = bend(x1, x2);
	const at = (p0, p1, p2, p3) => (1 - part) ** 3 * p0 + 3 * (1 - part) ** 2 * part * p1 + 3 * (1 - part) * part ** 2 * p2 + part ** 3 * p3;
	return [at(x1, x1 + by, x2 - by, x2), at(y1, y1, y2, y2)];
}

function shorten(context, text, width) {
	if (context.measureText(text).width <= width) return text;
	const isPath = text.includes("/");
	let [least, most] = [0, text.length];
	while (least < most) {
		const middle = (least + most + 1) >> 1;
		const part = isPath ? `…${text.slice(-middle)}` : `${text.slice(0, middle)}…`;
		if (context.measureText(part).width <= width) least = middle;
		else most = middle - 1;
	}
	return isPath ? `…${text.slice(text.length - least)}` : `${text.slice(0, least)}…`;
}
