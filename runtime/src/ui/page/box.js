// The smallest box around others.

/** Of boxes with `x`, `y`, `width` and `height`; it ends before it begins if there are none. */
export function around(boxes) {
	const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
	for (const { x, y, width, height } of boxes) {
		box.left = Math.min(box.left, x);
		box.top = Math.min(box.top, y);
		box.right = Math.max(box.right, x + width);
		box.bottom = Math.max(box.bottom, y + height);
	}
	return box;
}
