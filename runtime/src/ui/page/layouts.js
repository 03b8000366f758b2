// Gives the vertices of a scene their places: those they had, if that is possible, or those of a layout in a worker.

import { around } from "./box.js";
import { identity } from "./words.js";

/** The vertices of larger graphs stay where they are as long as little about the graph changes. */
const LARGE = 400;
/** So little: this part of the vertices. */
const DRIFT = 0.1;
/** What has changed is laid out anew once nothing more does for so long, in milliseconds. */
const QUIET = 3000;
const GAP = 12;

export class Layouts {
	#worker = new Worker("layout.js", { type: "module" });
	#version = 0;
	#scene = null;
	#placed = null;
	/** How many vertices came or went since the last layout. */
	#drift = 0;
	#timer = 0;
	#done;

	/** `done` is called with a scene whose vertices have their places. */
	constructor(done) {
		this.#done = done;
		this.#worker.addEventListener("message", ({ data }) => {
			if (data.version !== this.#version) return;
			this.#scene.nodes.forEach((node, at) => {
				node.x = data.x[at];
				node.y = data.y[at];
			});
			this.#scene.edges.forEach((edge, at) => (edge.bends = data.bends.get(at)));
			this.#finish();
		});
	}

	#finish() {
		this.#placed = this.#scene;
		this.#done(this.#scene);
	}

	/** `folds` tells that somebody has folded or unfolded something: that is laid out anew. */
	start(scene, folds) {
		clearTimeout(this.#timer);
		this.#scene = scene;
		const former = this.#placed;
		if (!former || folds) return this.#layOut();
		const { strangers, free, changed } = keep(former, scene);
		if (changed === 0) {
			this.#version += 1;
			return this.#finish();
		}
		this.#drift += changed;
		if (scene.nodes.length <= LARGE || this.#drift > scene.nodes.length * DRIFT) return this.#layOut();
		settle(scene, strangers, free);
		this.#version += 1;
		this.#timer = setTimeout(() => this.#layOut(), QUIET);
		this.#finish();
	}

	#layOut() {
		const { nodes, edges } = this.#scene;
		this.#drift = 0;
		this.#worker.postMessage({
			version: ++this.#version,
			width: Float32Array.from(nodes, (node) => node.width),
			height: Float32Array.from(nodes, (node) => node.height),
			from: Int32Array.from(edges, (edge) => edge.from),
			to: Int32Array.from(edges, (edge) => edge.to),
		});
	}
}

/**
 * Puts what was there before to where it was. Gives those that were not, the places that are `free`, and how much is
 * different.
 */
function keep(former, scene) {
	const places = new Map(former.nodes.map((node) => [place(node), node]));
	const strangers = [];
	for (const node of scene.nodes) {
		const known = places.get(place(node));
		if (known) {
			[node.x, node.y] = [known.x, known.y];
			places.delete(place(node));
		} else strangers.push(node);
	}
	const ends = (scene, edge) => `${place(scene.nodes[edge.from])} ${place(scene.nodes[edge.to])}`;
	const bends = new Map(former.edges.map((edge) => [ends(former, edge), edge.bends]));
	let lines = former.edges.length === scene.edges.length ? 0 : 1;
	for (const edge of scene.edges) {
		const key = ends(scene, edge);
		if (bends.has(key)) edge.bends = bends.get(key);
		else lines += 1;
	}
	const free = [...places.values()];
	return { strangers, free, changed: strangers.length + free.length + lines };
}

/** Finds places for strangers: those that became free, or below all others. */
function settle(scene, strangers, free) {
	const homeless = [];
	for (const node of strangers) {
		const at = free.findIndex(({ width, height }) => width === node.width && height === node.height);
		if (at < 0) homeless.push(node);
		else [{ x: node.x, y: node.y }] = free.splice(at, 1);
	}
	if (!homeless.length) return;
	const stranger = new Set(homeless);
	const { left, right, bottom } = around(scene.nodes.filter((node) => !stranger.has(node)));
	let [x, y] = [left, bottom + GAP * 2];
	for (const node of homeless) {
		if (x > left && x + node.width > right) [x, y] = [left, y + node.height + GAP];
		[node.x, node.y] = [x, y];
		x += node.width + GAP;
	}
}

/** A resource that takes the place of one of its name stands there, too. */
function place(node) {
	return (node.place ??= node.members ? node.key : identity(node.resource));
}
