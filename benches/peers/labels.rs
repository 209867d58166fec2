//! Finds places for the labels of a plot where they cover nothing and nothing covers them.

/// To the right and down: a position, or a width and a height.
pub type Pixels = (i32, i32);

/// A rectangle in pixels. `right` and `bottom` lie outside it.
#[derive(Clone, Copy)]
pub struct Rect {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Rect {
    pub fn new(left: i32, top: i32, (width, height): Pixels) -> Rect {
        Rect {
            left,
            top,
            right: left + width,
            bottom: top + height,
        }
    }

    fn around((x, y): Pixels, radius: i32) -> Rect {
        Rect::new(x - radius, y - radius, (2 * radius + 1, 2 * radius + 1))
    }

    fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn contains(&self, other: &Rect) -> bool {
        self.left <= other.left && self.top <= other.top && self.right >= other.right && self.bottom >= other.bottom
    }

    /// The point of this rectangle that is nearest to `(x, y)`.
    fn nearest(&self, (x, y): Pixels) -> Pixels {
        (x.clamp(self.left, self.right - 1), y.clamp(self.top, self.bottom - 1))
    }
}

/// The place of a label.
pub struct Place {
    pub text: Rect,
    /// A line from the point to a label that is not right beside it.
    pub leader: Option<[Pixels; 2]>,
}

/// Gaps between the centre of a marker and its label, in pixels.
const DISTANCES: [i32; 14] = [7, 11, 16, 22, 30, 40, 52, 66, 82, 100, 120, 140, 170, 200];
/// Labels that are farther away get a leader, which starts this far from the centre of the marker.
const BESIDE: i32 = 11;
/// Markers this close to each other compete for the same places.
const NEIGHBOURHOOD: i32 = 24;

/// The plot area and what is on it already.
pub struct Layout {
    area: Rect,
    markers: Vec<Rect>,
    curves: Vec<Rect>,
    /// Labels with their leaders, and the legend.
    labels: Vec<Rect>,
}

impl Layout {
    pub fn new(area: Rect) -> Layout {
        Layout {
            area,
            markers: Vec::new(),
            curves: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Keeps labels off a marker.
    pub fn reserve_marker(&mut self, center: Pixels, radius: i32) {
        self.markers.push(Rect::around(center, radius));
    }

    /// Keeps labels off a piece of a curve.
    pub fn reserve_curve(&mut self, from: Pixels, to: Pixels) {
        self.curves.extend(line(from, to));
    }

    /// Takes the corner of the area where a box of this size covers the least.
    pub fn place_in_corner(&mut self, size: Pixels, margin: i32) -> Rect {
        let (left, right) = (self.area.left + margin, self.area.right - margin - size.0);
        let (top, bottom) = (self.area.top + margin, self.area.bottom - margin - size.1);
        let corners = [(right, top), (left, bottom), (left, top), (right, bottom)];
        let rect = corners
            .map(|(left, top)| Rect::new(left, top, size))
            .into_iter()
            .min_by_key(|rect| {
                let all = self.markers.iter().chain(&self.curves);
                all.filter(|other| other.overlaps(rect)).count()
            })
            .expect("there are four corners");
        self.labels.push(rect);
        rect
    }

    /// Takes a place for every label, given by its marker's position and its size. `None` if it fits nowhere.
    ///
    /// Each label takes the nearest place that is free. The first labels near a group of markers can leave no way out
    /// for the leaders of the others. The labels of that group then move outward, and all are placed again.
    pub fn place_all(&mut self, wanted: &[(Pixels, Pixels)]) -> Vec<Option<Place>> {
        let before = self.labels.len();
        let mut skipped = vec![0; wanted.len()];
        loop {
            self.labels.truncate(before);
            let places: Vec<Option<Place>> = wanted
                .iter()
                .zip(&skipped)
                .map(|(&(point, size), &skip)| self.place(point, size, &DISTANCES[skip..]))
                .collect();
            let Some(failed) = places.iter().position(Option::is_none) else {
                return places;
            };
            let around = Rect::around(wanted[failed].0, NEIGHBOURHOOD);
            let mut moved = false;
            for (&(point, _), skip) in wanted.iter().zip(&mut skipped) {
                if around.overlaps(&Rect::around(point, 0)) && *skip + 1 < DISTANCES.len() {
                    *skip += 1;
                    moved = true;
                }
            }
            if !moved {
                return places;
            }
        }
    }

    /// Takes the first candidate. A leader may cross a curve, but other markers only if there is no other way.
    fn place(&mut self, point: Pixels, size: Pixels, distances: &[i32]) -> Option<Place> {
        let (place, dots) = self
            .candidates(point, size, distances)
            .find(|(_, dots)| is_free(dots, &self.markers))
            .or_else(|| self.candidates(point, size, distances).next())?;
        self.labels.push(place.text);
        self.labels.extend(dots);
        Some(place)
    }

    /// The places where the text is free and the leader crosses no label, nearest first, each with the dots of its
    /// leader.
    fn candidates(&self, point: Pixels, size: Pixels, distances: &[i32]) -> impl Iterator<Item = (Place, Vec<Rect>)> {
        let offsets = distances
            .iter()
            .flat_map(|&distance| directions().map(move |direction| (distance, direction)));
        offsets.filter_map(move |(distance, direction)| {
            let text = beside(point, distance, direction, size);
            let end = text.nearest(point);
            let leader = (distance > BESIDE).then(|| [toward(point, end, BESIDE), end]);
            let dots: Vec<Rect> = leader.into_iter().flat_map(|[from, to]| line(from, to)).collect();
            let free = self.area.contains(&text)
                && is_free(&[text], &self.markers)
                && is_free(&[text], &self.curves)
                && is_free(&[text], &self.labels)
                && is_free(&dots, &self.labels);
            free.then_some((Place { text, leader }, dots))
        })
    }
}

fn is_free(rects: &[Rect], taken: &[Rect]) -> bool {
    !rects.iter().any(|rect| taken.iter().any(|other| other.overlaps(rect)))
}

/// Unit vectors in order of preference: the sides and corners first, then those between them.
fn directions() -> impl Iterator<Item = (f64, f64)> {
    [8, 16, 32].into_iter().flat_map(|count| {
        (0..count).map(move |i| {
            let (down, right) = (f64::from(i) / f64::from(count) * -std::f64::consts::TAU).sin_cos();
            (right, down)
        })
    })
}

/// A box that touches the point at `distance` in this direction with the side or corner that faces the marker.
fn beside((x, y): Pixels, distance: i32, (right, down): (f64, f64), (width, height): Pixels) -> Rect {
    let shift = |direction: f64, len: i32| match direction {
        0.6.. => 0,
        ..-0.6 => -len,
        _ => -len / 2,
    };
    let distance = f64::from(distance);
    Rect::new(
        x + (distance * right).round() as i32 + shift(right, width),
        y + (distance * down).round() as i32 + shift(down, height),
        (width, height),
    )
}

/// The point on the way from one point to another that is `distance` from the first.
fn toward((x, y): Pixels, to: Pixels, distance: i32) -> Pixels {
    let (right, down) = (f64::from(to.0 - x), f64::from(to.1 - y));
    let scale = f64::from(distance) / right.hypot(down).max(1.0);
    (x + (right * scale).round() as i32, y + (down * scale).round() as i32)
}

/// Small boxes along a line.
fn line(from: Pixels, to: Pixels) -> impl Iterator<Item = Rect> {
    let (right, down) = (to.0 - from.0, to.1 - from.1);
    let steps = (right.abs().max(down.abs()) / 2).max(1);
    (0..=steps).map(move |i| Rect::around((from.0 + right * i / steps, from.1 + down * i / steps), 1))
}
