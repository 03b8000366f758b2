// What the tests of the page share: a browser, and how to wait for things in it.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const DEADLINE = 60_000;

/** Opens the page and calls `test` with it. Nothing may go wrong in the page, and it may ask nobody but the agent. */
export async function withPage(url, test) {
	const browser = await chromium.launch({
		executablePath: process.env.MGMT_CHROMIUM ?? "/usr/bin/chromium",
		// The sandbox does not work for root, who runs tests in containers.
		args: process.getuid() === 0 ? ["--no-sandbox"] : [],
	});
	try {
		const page = await browser.newPage({ viewport: { width: 1480, height: 920 } });
		page.setDefaultTimeout(DEADLINE);
		const wrong = [];
		page.on("pageerror", (error) => wrong.push(error.stack));
		page.on("console", (message) => {
			if (message.type() === "error" && !/Failed to load resource/.test(message.text())) wrong.push(message.text());
		});
		page.on("request", (request) => {
			if (!request.url().startsWith(url)) wrong.push(`asked elsewhere: ${request.url()}`);
		});
		await page.goto(url);
		await ready(page);
		await test(page);
		assert.deepEqual(wrong, []);
	} finally {
		await browser.close();
	}
}

/** Waits until the graph is there and laid out. */
export async function ready(page) {
	await page.waitForSelector("html[data-ready=yes][data-layout=done]", { state: "attached" });
}

/** Waits until an expression in the page is true. */
export async function until(page, what, condition, argument) {
	try {
		await page.waitForFunction(condition, argument);
	} catch (error) {
		throw new Error(`never happened: ${what}`, { cause: error });
	}
}

/** The texts of all elements that fit. */
export const texts = (page, selector) => page.locator(selector).allInnerTexts();

/** Keeps a picture in both themes. */
export async function picture(page, directory, name) {
	for (const theme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme: theme });
		await page.waitForSelector(`html[data-theme=${theme}]`, { state: "attached" });
		await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
		await page.screenshot({ path: path.join(directory, `${name}-${theme}.png`) });
	}
}

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Nothing that axe-core looks for may be wrong, in both themes. */
export async function audit(page, what) {
	await page.evaluate(AXE);
	for (const theme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
		await page.waitForSelector(`html[data-theme=${theme}]`, { state: "attached" });
		const { violations, passes } = await page.evaluate(() => window.axe.run());
		const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 5).map(({ html, any }) => `  ${html}\n    ${any.map(({ message }) => message).join("; ")}`).join("\n")}`);
		assert.deepEqual(found, [], `${what}, ${theme}`);
		assert.ok(passes.length > 20, `only ${passes.length} rules had something to look at`);
	}
	await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
}

/** Runs a test that was called with `ADDRESS ...`. */
export async function main(test) {
	const [url, ...rest] = process.argv.slice(2);
	try {
		await test(url, ...rest);
	} catch (error) {
		console.error(error);
		process.exit(1);
	}
}
