// A layered layout, from left to right, in a worker of its own: 10,000 vertices take a moment.
//
// Each connected part is laid out for itself: layers by the longest path, an order in each layer that keeps edges
// short, then heights that bring neighbours together. The parts are packed side by side; what has no edges stands
// in a grid. A layer of more vertices than look well in one column takes several.

import { around } from "./box.js";

const GAP_X = 84;
const GAP_Y = 12;
const PART = 40;
const SWEEPS = 6;
/** The shape of the whole: width to height. */
const ASPECT = 1.9;
/** Edges over several layers are led around what is in between, unless there are more of those than this. */
const WAYPOINTS = 4000;
const WAYPOINT = { width: 212, height: 14 };

if (typeof document === "undefined") {
	self.onmessage = ({ data }) => {
		self.postMessage({ version: data.version, ...layout(data) });
	};
}

/**
 * Vertices by `width` and `height`, edges as pairs `from`, `to` of their positions. Gives the top left corners of the
 * vertices, and for edges that go a long way, by their position, the stretches that they are led along.
 */
export function layout({ width, height, from, to }) {
	const count = width.length;
	const space = { width: [...width], height: [...height], x: new Array(count).fill(0), y: new Array(count).fill(0), chains: new Map() };
	const graph = adjacency(count, from, to);
	const boxes = [];
	const alone = [];
	for (const part of parts(count, from, to)) {
		if (part.length === 1) alone.push(part[0]);
		else boxes.push(layered(part, graph, space));
	}
	if (alone.length) boxes.push(grid(alone, space));
	pack(boxes, space);
	const bends = new Map();
	for (let at = 0; at < from.length && space.chains.size; at++) {
		const chain = space.chains.get(`${from[at]} ${to[at]}`);
		if (chain) bends.set(at, chain.map((point) => ({ x: space.x[point], y: space.y[point] + WAYPOINT.height / 2, width: WAYPOINT.width })));
	}
	return { x: space.x.slice(0, count), y: space.y.slice(0, count), bends };
}

function adjacency(count, from, to) {
	const after = Array.from({ length: count }, () => []);
	const before = Array.from({ length: count }, () => []);
	for (let at = 0; at < from.length; at++) {
		if (from[at] === to[at]) continue;
		after[from[at]].push(to[at]);
		before[to[at]].push(from[at]);
	}
	return { after, before };
}

/** The connected parts, each in the order of its vertices. */
function parts(count, from, to) {
	const root = Int32Array.from({ length: count }, (_, at) => at);
	const find = (at) => {
		while (root[at] !== at) at = root[at] = root[root[at]];
		return at;
	};
	for (let at = 0; at < from.length; at++) root[find(from[at])] = find(to[at]);
	const all = new Map();
	for (let at = 0; at < count; at++) {
		const key = find(at);
		if (!all.has(key)) all.set(key, []);
		all.get(key).push(at);
	}
	return all.values();
}

/** In which layer each vertex of a part is. Kinds may depend on each other in a circle: an edge back is left out. */
function layersOf(part, { after }) {
	const layer = new Map();
	const open = new Set();
	const order = [];
	const back = new Set();
	for (const start of part) {
		if (layer.has(start)) continue;
		const stack = [[start, 0]];
		layer.set(start, 0);
		open.add(start);
		while (stack.length) {
			const top = stack.at(-1);
			const next = after[top[0]][top[1]++];
			if (next === undefined) {
				open.delete(top[0]);
				order.push(top[0]);
				stack.pop();
			} else if (open.has(next)) {
				back.add(`${top[0]} ${next}`);
			} else if (!layer.has(next)) {
				layer.set(next, 0);
				open.add(next);
				stack.push([next, 0]);
			}
		}
	}
	for (const at of order.reverse()) {
		for (const next of after[at]) {
			if (!back.has(`${at} ${next}`)) layer.set(next, Math.max(layer.get(next), layer.get(at) + 1));
		}
	}
	// What nothing comes before stands right before what comes after it.
	const before = new Set(part.flatMap((at) => after[at].filter((next) => !back.has(`${at} ${next}`))));
	for (const at of part) {
		if (before.has(at)) continue;
		const nexts = after[at].filter((next) => !back.has(`${at} ${next}`)).map((next) => layer.get(next));
		if (nexts.length) layer.set(at, Math.min(...nexts) - 1);
	}
	const layers = [];
	for (const at of part) (layers[layer.get(at)] ??= []).push(at);
	return layers.map((each) => each ?? []).filter((each) => each.length);
}

/** Puts waypoints into the layers that an edge passes over. */
function lead(part, layers, { after, before }, space) {
	const layer = new Map(layers.flatMap((members, at) => members.map((member) => [member, at])));
	const far = part.flatMap((at) => after[at].filter((next) => layer.get(next) - layer.get(at) > 1).map((next) => [at, next]));
	const points = far.reduce((sum, [at, next]) => sum + layer.get(next) - layer.get(at) - 1, 0);
	if (points > WAYPOINTS) return [];
	const added = [];
	for (const [at, next] of far) {
		const chain = [];
		let last = at;
		for (let between = layer.get(at) + 1; between < layer.get(next); between++) {
			const point = space.width.length;
			space.width.push(WAYPOINT.width);
			space.height.push(WAYPOINT.height);
			space.x.push(0);
			space.y.push(0);
			layers[between].push(point);
			before[point] = [last];
			after[point] = [];
			if (last === at) after[at][after[at].indexOf(next)] = point;
			else after[last].push(point);
			chain.push(point);
			last = point;
		}
		after[last].push(next);
		before[next][before[next].indexOf(at)] = last;
		space.chains.set(`${at} ${next}`, chain);
		added.push(...chain);
	}
	return added;
}

function layered(part, graph, space) {
	const layers = layersOf(part, graph);
	const rows = Math.max(12, Math.ceil(Math.sqrt(part.length) * 1.2));
	// Where a layer takes several columns there is no way through.
	if (layers.every((layer) => layer.length <= rows)) part.push(...lead(part, layers, graph, space));
	const { width, height, x, y } = space;
	order(layers, graph);
	let left = 0;
	const single = [];
	for (const layer of layers) {
		const columns = layer.length <= rows * 2 ? 1 : Math.ceil(layer.length / rows);
		const perColumn = Math.ceil(layer.length / columns);
		for (let column = 0; column < columns; column++) {
			const members = layer.slice(column * perColumn, (column + 1) * perColumn);
			let widest = 0;
			let top = 0;
			for (const at of members) {
				x[at] = left;
				y[at] = top;
				top += height[at] + GAP_Y;
				widest = Math.max(widest, width[at]);
			}
			for (const at of members) y[at] -= top / 2;
			left += widest + (column + 1 < columns ? GAP_Y * 1.5 : 0);
		}
		if (columns === 1) single.push(layer);
		left += GAP_X;
	}
	for (let sweep = 0; sweep < SWEEPS; sweep++) {
		const forward = sweep % 2 === 0;
		for (const layer of forward ? single : [...single].reverse()) straighten(layer, graph, height, y, forward);
	}
	return bounds(part, space);
}

/** Orders each layer by the middle of the neighbours, back and forth. */
function order(layers, { after, before }) {
	const position = new Map();
	const place = (layer) => layer.forEach((at, index) => position.set(at, index / layer.length));
	layers.forEach(place);
	for (let sweep = 0; sweep < SWEEPS; sweep++) {
		const forward = sweep % 2 === 0;
		const neighbours = forward ? before : after;
		for (const layer of forward ? layers : [...layers].reverse()) {
			const wish = new Map();
			for (const at of layer) {
				const near = neighbours[at].map((other) => position.get(other)).filter((value) => value !== undefined);
				wish.set(at, near.length ? near.reduce((sum, value) => sum + value, 0) / near.length : position.get(at));
			}
			layer.sort((a, b) => wish.get(a) - wish.get(b));
			place(layer);
		}
	}
}

/** Brings each vertex of a layer as near to its neighbours as the others permit. */
function straighten(layer, { after, before }, height, y, forward) {
	const middle = (at) => y[at] + height[at] / 2;
	const offsets = [];
	let offset = 0;
	for (const at of layer) {
		offsets.push(offset);
		offset += height[at] + GAP_Y;
	}
	// Blocks that are pushed together take the mean of their wishes.
	const blocks = [];
	layer.forEach((at, index) => {
		const near = forward ? before[at] : after[at];
		const others = near.length ? near : forward ? after[at] : before[at];
		const wish = others.length ? others.reduce((sum, other) => sum + middle(other), 0) / others.length - height[at] / 2 : y[at];
		let block = { sum: wish - offsets[index], size: 1 };
		while (blocks.length && blocks.at(-1).sum / blocks.at(-1).size > block.sum / block.size) {
			const last = blocks.pop();
			block = { sum: block.sum + last.sum, size: block.size + last.size };
		}
		blocks.push(block);
	});
	let index = 0;
	for (const block of blocks) {
		for (let member = 0; member < block.size; member++, index++) y[layer[index]] = block.sum / block.size + offsets[index];
	}
}

function grid(alone, space) {
	const { width, height, x, y } = space;
	const area = alone.reduce((sum, at) => sum + (width[at] + GAP_Y * 2) * (height[at] + GAP_Y), 0);
	const limit = Math.sqrt(area * ASPECT);
	let [left, top, row] = [0, 0, 0];
	for (const at of alone) {
		if (left > 0 && left + width[at] > limit) {
			left = 0;
			top += row + GAP_Y;
			row = 0;
		}
		x[at] = left;
		y[at] = top;
		left += width[at] + GAP_Y * 2;
		row = Math.max(row, height[at]);
	}
	return bounds(alone, space);
}

function bounds(part, { width, height, x, y }) {
	return { part, ...around(part.map((at) => ({ x: x[at], y: y[at], width: width[at], height: height[at] }))) };
}

/** Puts the parts beside and below each other, the tallest first. */
function pack(boxes, { x, y }) {
	const size = (box) => ({ width: box.right - box.left + PART, height: box.bottom - box.top + PART });
	const area = boxes.reduce((sum, box) => sum + size(box).width * size(box).height, 0);
	const widest = Math.max(0, ...boxes.map((box) => size(box).width));
	const limit = Math.max(widest, Math.sqrt(area * ASPECT));
	let [left, top, row] = [0, 0, 0];
	for (const box of [...boxes].sort((a, b) => size(b).height - size(a).height)) {
		const { width, height } = size(box);
		if (left > 0 && left + width > limit) {
			left = 0;
			top += row;
			row = 0;
		}
		for (const at of box.part) {
			x[at] += left - box.left;
			y[at] += top - box.top;
		}
		left += width;
		row = Math.max(row, height);
	}
}
