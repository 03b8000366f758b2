// What the agent says: the graph once, and then what changes, as it happens.

const API = "api/v1";
/** For so long a change is shown as one, in milliseconds. */
export const RECENT = 10_000;
/** So much of the log is kept. */
const LOG = 1000;
const RETRY = 2000;
/** Fetching graphs takes no more than one part in so many of the time. */
const SHARE = 6;

/** Holds what is known. Tells `graph`, `live`, `log`, `status` and `connection` when they are others. */
export class Store extends EventTarget {
	resources = new Map();
	edges = [];
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

	find(kind, name) {
		for (const resource of this.resources.values()) {
			if (resource.kind === kind && resource.name === name) return resource;
			if (resource.members?.some((member) => member.kind === kind && member.name === name)) return resource;
		}
		return undefined;
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
		this.resources = new Map(graph.resources.map((resource) => [resource.id, resource]));
		this.edges = graph.edges;
		this.before = new Map();
		this.after = new Map();
		const add = (map, id, edge) => {
			const list = map.get(id);
			if (list) list.push(edge);
			else map.set(id, [edge]);
		};
		for (const edge of graph.edges) {
			add(this.after, edge.from, edge);
			add(this.before, edge.to, edge);
		}
		this.recent = new Map();
		for (const resource of graph.resources) this.#notice(resource);
		this.log = entries.slice(-LOG);
		for (const topic of ["graph", "status", "live"]) this.#tell(topic);
		this.#tell("log", { all: true });
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
		on("graph", () => this.#again());
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
