// Light or dark: as the system is, until somebody chooses.

const KEY = "mgmt-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const button = document.getElementById("theme");

function chosen() {
	try {
		return localStorage.getItem(KEY);
	} catch {
		return null; // The browser keeps nothing for us.
	}
}

function show() {
	const theme = chosen() ?? (system.matches ? "dark" : "light");
	document.documentElement.dataset.theme = theme;
	button.textContent = theme === "dark" ? "☀" : "☾";
	button.title = theme === "dark" ? "Light" : "Dark";
	document.dispatchEvent(new CustomEvent("theme"));
}

button.addEventListener("click", () => {
	const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
	try {
		localStorage.setItem(KEY, other);
		show();
	} catch {
		document.documentElement.dataset.theme = other;
		document.dispatchEvent(new CustomEvent("theme"));
	}
});
system.addEventListener("change", show);
show();
