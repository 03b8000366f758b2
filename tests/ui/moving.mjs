// The page of 10,000 resources whose graph changes every second: the changes are told, not the graphs, and it stays fluid.

import assert from "node:assert/strict";
import fs from "node:fs";
import { main, picture, ready, until, withPage } from "./page.mjs";

const GRAPHS = 8;
/** Generous, for a busy machine without a graphics card. */
const STALL = 1500;

/** The processor time of a process, in milliseconds. */
function spent(pid) {
	const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

await main(async (url, pictures, pid) => {
	await withPage(url, async (page) => {
		await until(page, "all have run", () => window.mgmt.store.status.states.ok >= 10_000);
		await page.click("#expand");
		await until(page, "all are laid out", () => window.mgmt.graph.report.nodes >= 10_000);
		await ready(page);
		const asked = [];
		page.on("request", (request) => asked.push(new URL(request.url()).pathname));
		const before = spent(pid);
		const began = Date.now();
		const figures = await page.evaluate(async (graphs) => {
			const { store } = window.mgmt;
			const first = store.status.generation;
			let [last, stall, frames, told] = [performance.now(), 0, 0, 0];
			store.addEventListener("graph", () => (told += 1));
			while (store.status.generation < first + graphs) {
				await new Promise(requestAnimationFrame);
				const now = performance.now();
				[stall, last, frames] = [Math.max(stall, now - last), now, frames + 1];
			}
			return { stall, frames, told, names: [...store.resources.values()].filter(({ name }) => name.startsWith("tick")).length };
		}, GRAPHS);
		// An agent that is short of time tells several graphs as one.
		assert.ok(figures.told > 0, "no graph was told");
		assert.equal(figures.names, 1, "what has gone is gone");
		assert.deepEqual(asked.filter((path) => path.endsWith("/graph")), [], "the graph is not fetched again");
		assert.ok(figures.stall < STALL, `it stands still for ${figures.stall} ms`);
		const seconds = (Date.now() - began) / 1000;
		await picture(page, pictures, "moving");
		console.log(`${GRAPHS} graphs in ${seconds.toFixed(1)} s, told as ${figures.told}, longest frame ${figures.stall.toFixed(0)} ms, ${(figures.frames / seconds).toFixed(0)} frames a second, the agent took ${((spent(pid) - before) / seconds / 10).toFixed(1)} % of a processor`);
		assert.equal(await page.evaluate(() => window.mgmt.graph.report.nodes), await page.evaluate(() => window.mgmt.store.resources.size));
	});
});
