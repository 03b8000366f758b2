// What the agent says: the graph once, and then what is different about it, as it happens.

const API = "api/v1";
/** For so long a change is shown as one, in milliseconds. */
export const RECENT = 10_000;
/** So much of the log is kept. */
const LOG = 1000;
const RETRY = 2000;
/** Fetching graphs takes no more than one part in so many of the time. */
const SHARE = 6;

/**
 * Holds what is known. Tells `graph`, `live`, `log`, `status` and `connection` when they are others; `graph` with the
 * ids of what is new or `gone`, or without if all of it is.
 */
export class Store extends EventTarget {
	resources = new Map();
	/** By their ends. */
	edges = new Map();
	/** The edges of each resource, by its id. */
	before = new Map();
	after = new Map();
	status = null;
	log = [];
	connection = "connecting";
	/** The clock of the agent, less ours. */
	#offset = 0;
	/** Those that were changed a moment ago, and until when that is shown. */
	recent = new Map();
	/** The resource that has a name, or has what has it as a member. */
	#names = new Map();
	#source = null;
	#retry = 0;
	#reload = 0;
	/** How long it took to fetch the graph. */
	#took = 0;

	start() {
		this.#load();
		setInterval(() => this.#age(), 500);
	}

	now() {
		return Date.now() + this.#offset;
	}

	/** How a resource is, for people: a change is shown for a moment. */
	state(resource) {
		return resource.state === "ok" && this.recent.has(resource.id) ? "changed" : resource.state;
	}

	/** The resource of that name, or the one that has it as a member. */
	find(kind, name) {
		return this.resources.get(this.#names.get(key(kind, name)));
	}

	/** Everything about one resource. */
	async details(resource) {
		const path = [resource.kind, resource.name].map(encodeURIComponent).join("/");
		return this.#get(`resources/${path}`);
	}

	async #get(path) {
		const answer = await fetch(`${API}/${path}`, { cache: "no-store" });
		if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
		return answer.json();
	}

	async #load() {
		clearTimeout(this.#retry);
		clearTimeout(this.#reload);
		this.#reload = 0;
		this.#source?.close();
		const began = Date.now();
		try {
			const [graph, log] = await Promise.all([this.#get("graph"), this.#get("log")]);
			this.#take(graph, log.entries);
			this.#took = Date.now() - began;
			this.#follow(graph.event);
		} catch {
			this.#lost();
			this.#retry = setTimeout(() => this.#load(), RETRY);
		}
	}

	#take(graph, entries) {
		this.#offset = graph.status.now - Date.now();
		this.status = graph.status;
		for (const map of [this.resources, this.edges, this.before, this.after, this.recent, this.#names]) map.clear();
		for (const resource of graph.resources) this.#put(resource);
		for (const edge of graph.edges) this.#connect(edge);
		this.log = entries.slice(-LOG);
		for (const topic of ["graph", "status", "live"]) this.#tell(topic);
		this.#tell("log", { all: true });
	}

	/** Another graph, by what is different about it. Saying it twice does no harm. */
	#patch({ resources = [], gone = [], edges = [], gone_edges = [] }) {
		for (const [from, to] of gone_edges) this.#disconnect(from, to);
		for (const id of gone) this.#remove(id);
		for (const resource of resources) this.#put(resource);
		for (const edge of edges) this.#connect(edge);
		this.#tell("graph", { ids: resources.map(({ id }) => id), gone });
		this.#tell("live", { ids: [] });
	}

	#put(resource) {
		const { id } = resource;
		this.#forgetNames(id);
		this.resources.set(id, resource);
		for (const { kind, name } of [resource, ...(resource.members ?? [])]) this.#names.set(key(kind, name), id);
		this.#notice(resource);
	}

	#remove(id) {
		for (const edge of [...(this.before.get(id) ?? []), ...(this.after.get(id) ?? [])]) this.#disconnect(edge.from, edge.to);
		this.#forgetNames(id);
		for (const map of [this.resources, this.before, this.after, this.recent]) map.delete(id);
	}

	/** Another one may have got the name meanwhile. */
	#forgetNames(id) {
		const known = this.resources.get(id);
		for (const { kind, name } of known ? [known, ...(known.members ?? [])] : []) {
			if (this.#names.get(key(kind, name)) === id) this.#names.delete(key(kind, name));
		}
	}

	#connect(edge) {
		this.#disconnect(edge.from, edge.to);
		this.edges.set(`${edge.from} ${edge.to}`, edge);
		for (const [map, id] of [[this.after, edge.from], [this.before, edge.to]]) {
			const list = map.get(id);
			if (list) list.push(edge);
			else map.set(id, [edge]);
		}
	}

	#disconnect(from, to) {
		const edge = this.edges.get(`${from} ${to}`);
		if (!edge) return;
		this.edges.delete(`${from} ${to}`);
		for (const list of [this.after.get(from), this.before.get(to)]) list.splice(list.indexOf(edge), 1);
	}

	#follow(event) {
		const source = new EventSource(`${API}/events?after=${encodeURIComponent(event)}`);
		this.#source = source;
		const on = (name, handle) =>
			source.addEventListener(name, (message) => {
				if (source === this.#source) handle(JSON.parse(message.data));
			});
		source.addEventListener("open", () => this.#connected("live"));
		source.addEventListener("error", () => {
			if (source !== this.#source) return;
			this.#lost();
			// While it is connecting the browser tries by itself.
			if (source.readyState === EventSource.CLOSED) this.#retry = setTimeout(() => this.#load(), RETRY);
		});
		on("status", (status) => {
			this.status = { ...status, problems: this.status.problems };
			this.#offset = status.now - Date.now();
			this.#tell("status");
		});
		on("resources", ({ resources }) => {
			const ids = [];
			for (const live of resources) {
				const resource = this.resources.get(live.id);
				if (!resource) continue;
				for (const absent of ["error", "waits_for"]) delete resource[absent];
				Object.assign(resource, live);
				this.#notice(resource);
				ids.push(live.id);
			}
			this.#tell("live", { ids });
		});
		on("log", ({ entries }) => {
			this.log.push(...entries);
			this.log.splice(0, this.log.length - LOG);
			this.#tell("log", { entries });
		});
		on("graph", (graph) => (graph.whole ? this.#again() : this.#patch(graph)));
		on("resync", () => this.#again());
	}

	/** Several graphs in a row are fetched as one. */
	#again() {
		this.#reload ||= setTimeout(() => this.#load(), Math.max(100, this.#took * SHARE));
	}

	#notice(resource) {
		const until = (resource.last_change ?? -Infinity) + RECENT;
		if (until > this.now()) this.recent.set(resource.id, until);
	}

	#age() {
		const now = this.now();
		const ids = [];
		for (const [id, until] of this.recent) {
			if (until > now) continue;
			this.recent.delete(id);
			ids.push(id);
		}
		if (ids.length) this.#tell("live", { ids });
		this.#tell("time");
	}

	#connected(connection) {
		if (this.connection === connection) return;
		this.connection = connection;
		this.#tell("connection");
	}

	#lost() {
		this.#connected("lost");
	}

	#tell(topic, detail = {}) {
		this.dispatchEvent(new CustomEvent(topic, { detail }));
	}
}

const key = (kind, name) => `${kind}[${name}]`;
