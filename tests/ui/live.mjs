// The page of a small graph: it follows what happens, and can be searched, filtered and folded.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { audit, main, picture, ready, texts, until, withPage } from "./page.mjs";

const row = (name) => `#list .row[title="${name}"]`;

await main(async (url, directory, pictures, pid) => {
	const motd = path.join(directory, "work/motd");
	await withPage(url, async (page) => {
		await until(page, "all has run", () => document.querySelector('.chip[data-state="failed"] b').textContent === "1");
		assert.equal(await page.title(), "h1 · mgmt");
		assert.equal(await page.innerText("#health"), "1 failed");
		assert.equal(await page.innerText("#shown"), "10 resources");

		// A change is seen as it happens, with the notification that it makes.
		await until(page, "the first changes are over", () => document.querySelector('.chip[data-state="changed"] b').textContent === "0");
		assert.equal(await page.getAttribute(row(`file[${motd}]`), "data-state"), "ok");
		fs.writeFileSync(motd, "disturbed\n");
		await page.waitForSelector(`${row(`file[${motd}]`)}[data-state=changed]`);
		await page.waitForSelector('#log .log-line[data-event="notified"]');
		assert.equal(fs.readFileSync(motd, "utf8"), "welcome\n");

		// Its details, by the keyboard: the place, the parameters, the difference, the neighbours.
		await page.keyboard.press("/");
		await page.keyboard.type("motd");
		await until(page, "one is found", () => document.querySelector("#shown").textContent === "1 resource");
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("ArrowDown");
		await page.waitForSelector("#detail .diff");
		assert.equal(await page.innerText("#detail .detail-name"), motd);
		assert.match(await page.innerText(".detail-place"), /site\.mcl:\d+:1$/);
		assert.match(await page.innerText("#detail .diff"), /-disturbed\s+\+welcome/);
		assert.match(await page.innerText("#detail .params"), /content\s+welcome/);
		assert.ok((await texts(page, "#detail .neighbour")).includes("noop[told]"));
		const chosen = await page.getAttribute("#list", "aria-activedescendant");
		assert.equal(await page.getAttribute(`#${chosen}`, "aria-selected"), "true");
		await audit(page, "details");
		await page.fill("#search", "");

		// What is not for everybody is not shown.
		await page.click(row(`file[${path.join(directory, "work/secret")}]`));
		await until(page, "its parameters are shown", () => /not shown/.test(document.querySelector("#detail .params")?.innerText));
		assert.ok(!(await page.content()).includes("hunter2"));

		// What failed, and what does not run because of it.
		await page.click('.chip[data-state="failed"]');
		assert.equal(await page.innerText("#shown"), "1 resource");
		await page.click(row("exec[failing]"));
		assert.match(await page.innerText("#detail .error"), /3/);
		await page.waitForSelector("#detail .history .pass");
		await audit(page, "a failure");
		await picture(page, pictures, "failed");
		await page.click('.chip[data-state="failed"]');
		assert.equal(await page.getAttribute(row(`file[${path.join(directory, "work/after")}]`), "data-state"), "blocked");
		await page.keyboard.press("Escape");
		assert.ok(await page.isHidden("#detail"));

		// By the keyboard alone: through the list into the details and back.
		await page.focus("#search");
		await page.keyboard.press("Enter");
		await page.keyboard.press("ArrowDown");
		assert.equal(await page.innerText("#detail .detail-name"), "failing", "what failed is the first");
		await page.focus("#detail button");
		await page.keyboard.press("Escape");
		assert.ok(await page.isHidden("#detail"));
		assert.equal(await page.evaluate(() => document.activeElement.id), "list");
		for (const wanted of ["#search", "#list", "#theme", ".chip", ".kind-name", "#collapse", "#graph", "#log"]) {
			let reached = false;
			for (let presses = 0; presses < 60 && !reached; presses++) {
				await page.keyboard.press("Tab");
				reached = await page.evaluate((selector) => document.activeElement.matches(selector), wanted);
			}
			assert.ok(reached, `Tab leads to ${wanted}`);
		}

		// A member of a group has a history of its own.
		const [owner, member] = await page.evaluate(() => {
			const { name, members } = [...window.mgmt.store.resources.values()].find(({ kind }) => kind === "print");
			return [name, members[0].name];
		});
		await page.click(row(`print[${owner}]`));
		await page.click(`#detail .neighbour:has-text("print[${member}]")`);
		await until(page, "the member is shown", (name) => document.querySelector(".detail-name").textContent === name, member);
		await until(page, "its history is shown", (name) => document.querySelector("#detail .history")?.innerText.includes(`say \`${name}\``), member);
		assert.ok(!(await page.innerText("#detail .history")).includes(`say \`${owner}\``));
		await page.click("#detail .about");
		await until(page, "its owner is shown", (name) => document.querySelector(".detail-name").textContent === name, owner);
		await page.keyboard.press("Escape");

		// A narrow window.
		await page.setViewportSize({ width: 390, height: 844 });
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
		await audit(page, "a narrow window");
		await picture(page, pictures, "narrow");
		await page.click(row("exec[failing]"));
		await picture(page, pictures, "narrow-detail");
		await page.click('#detail [aria-label="Close the details"]');
		await page.setViewportSize({ width: 1480, height: 920 });

		// Folding by kind, and by a click on the graph.
		const report = () => page.evaluate(() => window.mgmt.graph.report);
		assert.deepEqual([(await report()).nodes, (await report()).groups], [10, 0]);
		await page.click("#collapse");
		await ready(page);
		assert.deepEqual([(await report()).nodes, (await report()).groups], [5, 5]);
		await page.evaluate(() => window.mgmt.graph.fit(true));
		const at = await page.evaluate(() => window.mgmt.graph.position("kfile"));
		await page.mouse.click(at.x, at.y);
		await until(page, "the files are shown", () => window.mgmt.graph.report.groups === 4);
		await page.click("#expand");
		await until(page, "all are shown", () => window.mgmt.graph.report.nodes === 10);
		await page.click('.kind[data-kind="exec"] .kind-name');
		assert.equal(await page.innerText("#shown"), "2 resources");
		await page.click('.kind[data-kind="exec"] .kind-name');

		// A new graph takes the place of the old one, and a new place is shown.
		const program = path.join(directory, "site.mcl");
		fs.writeFileSync(program, `# moved\n${fs.readFileSync(program, "utf8")}value "new" {\n\tany => 1,\n}\n`);
		await page.waitForSelector(row("value[new]"));
		await page.click(row(`file[${motd}]`));
		await page.waitForSelector("#detail .history .pass");
		await picture(page, pictures, "live");

		// The end of the agent is told.
		assert.ok(await page.isHidden("#banner"));
		process.kill(Number(pid), "SIGTERM");
		await page.waitForSelector("#banner:not([hidden])");
		await until(page, "the connection is lost", () => document.querySelector("#connection").dataset.state === "lost");
		await audit(page, "no agent");
		await picture(page, pictures, "lost");
	});
});
