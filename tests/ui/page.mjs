// What the tests of the page share: a browser, and how to wait for things in it.

import assert from "node:assert/strict";
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
