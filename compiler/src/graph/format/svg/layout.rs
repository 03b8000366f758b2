//! Where the boxes of a drawing stand and where its edges run: in layers, so that edges go down (after Sugiyama).
//!
//! The usual crate takes minutes for some hundred boxes (layout-rs 0.1.3); this takes time about in proportion to
//! what is drawn. Parts that are not connected are laid out one by one and put into rows.

use petgraph::unionfind::UnionFind;

/// The size of a box, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// A drawing, from (0, 0) on.
#[derive(Debug, Default)]
pub struct Drawing {
    pub size: Size,
    /// The middles of the boxes.
    pub centres: Vec<(f64, f64)>,
    /// The points that the edges run through, from box to box.
    pub ways: Vec<Vec<(f64, f64)>>,
}

/// Between boxes beside each other.
const BESIDE: f64 = 20.0;

/// Between boxes above each other.
const BELOW: f64 = 46.0;

/// Where an edge goes past boxes it takes this much room.
const BEND: f64 = 8.0;

/// So often the order within layers is improved, and then the places.
const SWEEPS: usize = 8;

/// Lays boxes and edges between them out. Edges that close a circle run up.
pub fn layout(sizes: &[Size], edges: &[(usize, usize)]) -> Drawing {
    let mut drawing = Drawing {
        size: Size::default(),
        centres: vec![(0.0, 0.0); sizes.len()],
        ways: vec![Vec::new(); edges.len()],
    };
    let parts: Vec<Part> = parts(sizes.len(), edges)
        .into_iter()
        .map(|(boxes, edge_ids)| Part::new(&boxes, &edge_ids, sizes, edges))
        .collect();
    // As wide as it is high, about, but never narrower than the widest part.
    let area: f64 = parts.iter().map(|part| room(part.size)).sum();
    let widest = parts.iter().map(|part| part.size.width).fold(0.0, f64::max);
    let row_width = (area * 1.6).sqrt().max(widest);
    let (mut x, mut y, mut row_height) = (0.0, 0.0, 0.0_f64);
    for part in &parts {
        if x > 0.0 && x + part.size.width > row_width {
            (x, y, row_height) = (0.0, y + row_height + BELOW, 0.0);
        }
        part.put(x, y, &mut drawing);
        drawing.size.width = drawing.size.width.max(x + part.size.width);
        drawing.size.height = drawing.size.height.max(y + part.size.height);
        row_height = row_height.max(part.size.height);
        x += part.size.width + BESIDE;
    }
    drawing
}

fn room(size: Size) -> f64 {
    (size.width + BESIDE) * (size.height + BELOW)
}

/// Boxes that are connected, with their edges; those with edges first.
fn parts(count: usize, edges: &[(usize, usize)]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut connected = UnionFind::new(count);
    for (from, to) in edges {
        connected.union(*from, *to);
    }
    let labels = connected.into_labeling();
    let mut parts: Vec<(Vec<usize>, Vec<usize>)> = vec![Default::default(); count];
    for (at, label) in labels.iter().enumerate() {
        parts[*label].0.push(at);
    }
    for (id, (from, _)) in edges.iter().enumerate() {
        parts[labels[*from]].1.push(id);
    }
    parts.retain(|(boxes, _)| !boxes.is_empty());
    parts.sort_by_key(|(boxes, _)| std::cmp::Reverse(boxes.len()));
    parts
}

/// What takes a place in a layer.
#[derive(Clone, Debug)]
struct Item {
    /// The box, or nothing where an edge goes past.
    of: Option<usize>,
    width: f64,
    /// The middle.
    x: f64,
    /// The items in the layer above and below that it is connected with.
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Boxes that are connected, laid out.
struct Part {
    size: Size,
    items: Vec<Item>,
    layers: Vec<Vec<usize>>,
    tops: Vec<f64>,
    heights: Vec<f64>,
    /// For each edge its id and the items that it runs through.
    ways: Vec<(usize, Vec<usize>)>,
}

impl Part {
    fn new(boxes: &[usize], edge_ids: &[usize], sizes: &[Size], edges: &[(usize, usize)]) -> Self {
        let place = |of: usize| boxes.binary_search(&of).unwrap_or_default();
        let ends: Vec<(usize, usize)> = edge_ids
            .iter()
            .map(|id| (place(edges[*id].0), place(edges[*id].1)))
            .collect();
        let ranks = ranks(boxes.len(), &ends);
        let mut items: Vec<Item> = boxes
            .iter()
            .map(|of| Item::new(Some(*of), sizes[*of].width))
            .collect();
        let mut layers = vec![Vec::new(); ranks.iter().max().map_or(0, |most| most + 1)];
        for (at, rank) in ranks.iter().enumerate() {
            layers[*rank].push(at);
        }
        let mut ways = Vec::with_capacity(ends.len());
        for (id, (from, to)) in edge_ids.iter().zip(&ends) {
            let mut way = vec![*from];
            for layer in layers.iter_mut().take(ranks[*to]).skip(ranks[*from] + 1) {
                layer.push(items.len());
                way.push(items.len());
                items.push(Item::new(None, BEND));
            }
            way.push(*to);
            for pair in way.windows(2).filter(|_| ranks[*from] < ranks[*to]) {
                items[pair[0]].below.push(pair[1]);
                items[pair[1]].above.push(pair[0]);
            }
            ways.push((*id, way));
        }
        let heights: Vec<f64> = layers
            .iter()
            .map(|layer| {
                let of = layer.iter().filter_map(|item| items[*item].of);
                of.map(|of| sizes[of].height).fold(0.0, f64::max)
            })
            .collect();
        let mut tops = Vec::with_capacity(layers.len());
        let mut y = 0.0;
        for height in &heights {
            tops.push(y);
            y += height + BELOW;
        }
        let mut part = Self {
            size: Size {
                width: 0.0,
                height: (y - BELOW).max(0.0),
            },
            items,
            layers,
            tops,
            heights,
            ways,
        };
        part.order();
        part.place();
        part
    }

    /// Puts each item of a layer near the middle of those that it is connected with, so that few edges cross.
    fn order(&mut self) {
        let mut positions = vec![0.0; self.items.len()];
        for layer in &self.layers {
            for (at, item) in layer.iter().enumerate() {
                positions[*item] = at as f64;
            }
        }
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            for at in self.sweep(down) {
                let mut layer = std::mem::take(&mut self.layers[at]);
                let mut wanted: Vec<(f64, usize)> = layer
                    .iter()
                    .map(|item| {
                        let mean = self.mean(*item, down, |other| positions[other]);
                        (mean.unwrap_or(positions[*item]), *item)
                    })
                    .collect();
                wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
                for (at, (_, item)) in wanted.iter().enumerate() {
                    layer[at] = *item;
                    positions[*item] = at as f64;
                }
                self.layers[at] = layer;
            }
        }
    }

    /// Moves the items of each layer below or above those that they are connected with, as far as there is room.
    fn place(&mut self) {
        for layer in &self.layers {
            let mut x = 0.0;
            for item in layer {
                let item = &mut self.items[*item];
                item.x = x + item.width / 2.0;
                x += item.width + BESIDE;
            }
        }
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            for at in self.sweep(down) {
                let x = |other: usize| self.items[other].x;
                // In the end both sides count, or the last one would have it all its way.
                let both = sweep >= SWEEPS / 2;
                let wanted: Vec<f64> = self.layers[at]
                    .iter()
                    .map(|item| {
                        let (here, there) = (self.mean(*item, down, x), self.mean(*item, !down, x));
                        match (here, there.filter(|_| both)) {
                            (Some(here), Some(there)) => (here + there) / 2.0,
                            (here, there) => here.or(there).unwrap_or(x(*item)),
                        }
                    })
                    .collect();
                let widths: Vec<f64> = self.layers[at]
                    .iter()
                    .map(|item| self.items[*item].width)
                    .collect();
                for (item, x) in self.layers[at].iter().zip(spread(&wanted, &widths)) {
                    self.items[*item].x = x;
                }
            }
        }
        let left = |item: &Item| item.x - item.width / 2.0;
        let least = self.items.iter().map(left).fold(f64::INFINITY, f64::min);
        for item in &mut self.items {
            item.x -= least;
            self.size.width = self.size.width.max(item.x + item.width / 2.0);
        }
    }

    /// The layers in the order in which they are looked at.
    fn sweep(&self, down: bool) -> Vec<usize> {
        let all = 0..self.layers.len();
        if down {
            all.collect()
        } else {
            all.rev().collect()
        }
    }

    /// The mean of something over those that an item is connected with on one side.
    fn mean(&self, item: usize, above: bool, value: impl Fn(usize) -> f64) -> Option<f64> {
        let item = &self.items[item];
        let others = if above { &item.above } else { &item.below };
        let sum: f64 = others.iter().map(|other| value(*other)).sum();
        (!others.is_empty()).then(|| sum / others.len() as f64)
    }

    /// Enters it into a drawing.
    fn put(&self, x: f64, y: f64, drawing: &mut Drawing) {
        let mut layer_of = vec![0; self.items.len()];
        for (at, layer) in self.layers.iter().enumerate() {
            for item in layer {
                layer_of[*item] = at;
                if let Some(of) = self.items[*item].of {
                    let middle = y + self.tops[at] + self.heights[at] / 2.0;
                    drawing.centres[of] = (x + self.items[*item].x, middle);
                }
            }
        }
        for (id, way) in &self.ways {
            let mut points = Vec::with_capacity(2 * way.len());
            for (at, item) in way.iter().enumerate() {
                let layer = layer_of[*item];
                let here = x + self.items[*item].x;
                let top = y + self.tops[layer];
                // It comes in at the top and leaves at the bottom.
                if at > 0 {
                    points.push((here, top));
                }
                if at + 1 < way.len() {
                    points.push((here, top + self.heights[layer]));
                }
            }
            drawing.ways[*id] = points;
        }
    }
}

impl Item {
    fn new(of: Option<usize>, width: f64) -> Self {
        Self {
            of,
            width,
            x: 0.0,
            above: Vec::new(),
            below: Vec::new(),
        }
    }
}

/// The layer of each box: below all that have an edge to it. What is part of a circle is above what it leads to.
fn ranks(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut waits_for = vec![0; count];
    let mut below = vec![Vec::new(); count];
    for (from, to) in edges {
        waits_for[*to] += 1;
        below[*from].push(*to);
    }
    let mut ranks = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|at| waits_for[*at] == 0).collect();
    let mut is_done = vec![false; count];
    let mut next = 0;
    loop {
        while let Some(at) = ready.pop() {
            is_done[at] = true;
            for to in &below[at] {
                waits_for[*to] -= 1;
                if !is_done[*to] {
                    ranks[*to] = ranks[*to].max(ranks[at] + 1);
                    if waits_for[*to] == 0 {
                        ready.push(*to);
                    }
                }
            }
        }
        // Only circles are left: one is cut.
        while next < count && is_done[next] {
            next += 1;
        }
        if next == count {
            return ranks;
        }
        ready.push(next);
    }
}

/// Places as near as possible to those that are wanted, in the same order and beside each other: the middle between
/// giving way to the right only and to the left only, which both leave enough room.
fn spread(wanted: &[f64], widths: &[f64]) -> Vec<f64> {
    let apart = |a: usize, b: usize| (widths[a] + widths[b]) / 2.0 + BESIDE;
    let mut right = wanted.to_vec();
    for at in 1..right.len() {
        right[at] = right[at].max(right[at - 1] + apart(at - 1, at));
    }
    let mut left = wanted.to_vec();
    for at in (1..left.len()).rev() {
        left[at - 1] = left[at - 1].min(left[at] - apart(at - 1, at));
    }
    right
        .iter()
        .zip(&left)
        .map(|(right, left)| (right + left) / 2.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(count: usize) -> Vec<Size> {
        (0..count)
            .map(|at| Size {
                width: 40.0 + (at * 37 % 90) as f64,
                height: 30.0,
            })
            .collect()
    }

    fn is_apart(drawing: &Drawing, sizes: &[Size]) -> bool {
        let overlap = |a: usize, b: usize| {
            let (x, y) = (drawing.centres[a], drawing.centres[b]);
            let wide = (sizes[a].width + sizes[b].width) / 2.0;
            let high = (sizes[a].height + sizes[b].height) / 2.0;
            (x.0 - y.0).abs() < wide - 0.01 && (x.1 - y.1).abs() < high - 0.01
        };
        (0..sizes.len()).all(|a| (0..a).all(|b| !overlap(a, b)))
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let drawing = layout(&[], &[]);
        assert_eq!(drawing.size, Size::default());
    }

    #[test]
    fn a_long_edge_goes_past_what_is_between() {
        let edges = [(0, 1), (1, 2), (0, 2)];
        let drawing = layout(&sizes(3), &edges);
        let [top, middle, bottom] = [0, 1, 2].map(|at| drawing.centres[at].1);
        assert!(top < middle && middle < bottom);
        let past = drawing.ways[2]
            .iter()
            .find(|(_, y)| (*y - middle).abs() <= 15.0);
        let (x, _) = past.unwrap();
        assert!((x - drawing.centres[1].0).abs() > sizes(3)[1].width / 2.0);
    }

    #[test]
    fn thousands_of_boxes_are_drawn() {
        let edges: Vec<(usize, usize)> = (1..3000).map(|at| ((at - 1) / 7, at)).collect();
        let drawing = layout(&sizes(3000), &edges);
        assert!(drawing.size.width > 1000.0);
        // A line of boxes without edges would be as wide.
        let drawing = layout(&sizes(3000), &[]);
        assert!(drawing.size.width < drawing.size.height * 6.0);
    }

    proptest! {
        #[test]
        fn boxes_do_not_overlap_and_edges_go_down(
            count in 1usize..30,
            ends in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..60),
        ) {
            let edges: Vec<(usize, usize)> = ends
                .iter()
                .map(|(a, b)| (a.index(count), b.index(count)))
                .filter(|(a, b)| a < b)
                .collect();
            let drawing = layout(&sizes(count), &edges);
            prop_assert!(is_apart(&drawing, &sizes(count)), "{drawing:?}");
            for ((from, to), way) in edges.iter().zip(&drawing.ways) {
                prop_assert!(drawing.centres[*from].1 < drawing.centres[*to].1);
                prop_assert!(way.windows(2).all(|pair| pair[0].1 <= pair[1].1));
                prop_assert!(way.len() >= 2);
            }
        }

        #[test]
        fn circles_are_drawn_too(
            ends in prop::collection::vec((0usize..8, 0usize..8), 0..30),
        ) {
            let drawing = layout(&sizes(8), &ends);
            prop_assert!(is_apart(&drawing, &sizes(8)), "{drawing:?}");
            let finite = drawing.ways.iter().flatten().all(|(x, y)| x.is_finite() && y.is_finite());
            prop_assert!(finite);
        }
    }
}
