// The page of 10,000 resources: it is there soon, answers soon, and moves without delay.

import assert from "node:assert/strict";
import { main, picture, ready, until, withPage } from "./page.mjs";

/** Generous, for a busy machine without a graphics card. */
const ANSWER = 2000;
const LAYOUT = 20_000;
const FRAME = 400;

await main(async (url, pictures) => {
	await withPage(url, async (page) => {
		const figures = {};
		await until(page, "all have run", () => document.querySelector('.chip[data-state="ok"] b').textContent === "10,000");
		assert.equal(await page.innerText("#shown"), "10,000 resources");
		const rows = await page.locator("#list .row").count();
		assert.ok(rows > 5 && rows < 80, `${rows} rows`);

		// Kinds are collapsed at first.
		const report = await page.evaluate(() => window.mgmt.graph.report);
		assert.ok(report.nodes < 100, `${report.nodes} vertices`);
		await picture(page, pictures, "large");

		figures.search = await page.evaluate(async () => {
			const [input, shown] = [document.querySelector("#search"), document.querySelector("#shown")];
			const began = performance.now();
			input.value = "noop n7777";
			input.dispatchEvent(new Event("input"));
			while (shown.textContent !== "1 resource") await new Promise(requestAnimationFrame);
			return performance.now() - began;
		});
		assert.ok(figures.search < ANSWER, `a search takes ${figures.search} ms`);
		await page.fill("#search", "");

		// The end of the list.
		await page.focus("#list");
		await page.keyboard.press("End");
		await until(page, "the last one is chosen", () => document.querySelector('#list .row[aria-selected="true"]')?.getAttribute("aria-posinset") === "10000");
		await page.keyboard.press("Escape");

		const began = Date.now();
		await page.click("#expand");
		await ready(page);
		await until(page, "all are laid out", () => window.mgmt.graph.report.nodes === 10_000);
		figures.layout = Date.now() - began;
		assert.ok(figures.layout < LAYOUT, `the layout takes ${figures.layout} ms`);

		const frames = (zoom) =>
			page.evaluate(async (zoom) => {
				const { graph } = window.mgmt;
				graph.fit(true);
				graph.zoom(zoom);
				const canvas = document.querySelector("#graph");
				const count = 40;
				await new Promise(requestAnimationFrame);
				const began = performance.now();
				for (let at = 0; at < count; at++) {
					canvas.dispatchEvent(new KeyboardEvent("keydown", { key: at % 2 ? "ArrowLeft" : "ArrowRight" }));
					await new Promise(requestAnimationFrame);
				}
				return (performance.now() - began) / count;
			}, zoom);
		figures.frameOfAll = await frames(1);
		figures.frameNear = await frames(30);
		assert.ok(figures.frameOfAll < FRAME && figures.frameNear < FRAME, JSON.stringify(figures));
		await page.evaluate(() => window.mgmt.graph.fit(true));
		await picture(page, pictures, "large-expanded");
		const rounded = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(1)} ms`);
		console.log(rounded.join(", "));
	});
});
