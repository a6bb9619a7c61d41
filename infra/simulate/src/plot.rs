//! Draws curves as SVG. Written by hand: two axes and a few lines are less than what a library for charts takes to compile.

use std::fmt::Write as _;

use crate::{
    Micros,
    limits::{MILLI, SECOND},
};

const WIDTH: u32 = 760;
const HEIGHT: u32 = 360;
/// Left, right, top and bottom of the area in which curves are drawn.
const AREA: (u32, u32, u32, u32) = (70, 740, 40, 310);
/// Colours that also people tell apart who do not see red or green (Okabe and Ito, 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/// A point of a curve stands for so long.
const BIN: Micros = 100 * MILLI;
/// Steps of an axis are these, times a power of ten.
const STEPS: [u64; 3] = [1, 2, 5];

/// A line in a drawing.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its height at the end of each tenth of a second.
    pub points: &'a [u32],
}

/// Draws curves over time, the later part cut off at `until`.
pub fn plot(title: &str, curves: &[Curve<'_>], until: Micros) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = draw(&mut svg, title, curves, until.max(BIN));
    svg
}

fn draw(svg: &mut String, title: &str, curves: &[Curve<'_>], until: Micros) -> std::fmt::Result {
    let most = curves.iter().flat_map(|curve| curve.points).copied().max().unwrap_or(1).max(1);
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">"#
    )?;
    writeln!(svg, r#"<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>"#)?;
    writeln!(svg, r#"<text x="{}" y="22" font-size="14">{title}</text>"#, AREA.0)?;
    axes(svg, most, until)?;
    for (place, curve) in curves.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        line(svg, curve, colour, most, until)?;
        let y = AREA.3 - 10 - 18 * u32::try_from(curves.len() - 1 - place).unwrap_or_default();
        let (x, right) = (AREA.1 - 250, AREA.1 - 225);
        writeln!(svg, r#"<path d="M{x} {}H{right}" stroke="{colour}" stroke-width="2"/>"#, y - 4)?;
        writeln!(svg, r#"<text x="{}" y="{y}">{}</text>"#, right + 6, curve.name)?;
    }
    writeln!(svg, "</svg>")
}

fn axes(svg: &mut String, most: u32, until: Micros) -> std::fmt::Result {
    let (left, right, top, bottom) = AREA;
    let step = step_of(u64::from(most));
    for value in (0..=u64::from(most)).step_by(usize::try_from(step).unwrap_or(1)) {
        let y = height(value, most);
        writeln!(svg, r##"<path d="M{left} {y}H{right}" stroke="#ddd"/>"##)?;
        writeln!(svg, r#"<text x="{}" y="{}" text-anchor="end">{value}</text>"#, left - 6, y + 4)?;
    }
    let step = step_of(until.div_ceil(SECOND)) * SECOND;
    for at in (0..=until).step_by(usize::try_from(step).unwrap_or(1)) {
        let x = place(at, until);
        writeln!(svg, r##"<path d="M{x} {top}V{bottom}" stroke="#ddd"/>"##)?;
        writeln!(svg, r#"<text x="{x}" y="{}" text-anchor="middle">{} s</text>"#, bottom + 18, at / SECOND)?;
    }
    Ok(())
}

/// A step so that an axis has four to ten of them.
fn step_of(most: u64) -> u64 {
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let mut steps = powers.flat_map(|power| STEPS.map(|step| step.saturating_mul(power)));
    steps.find(|step| most / step < 10).unwrap_or(most)
}

/// Points that lie on one pixel's column are one: of a rising line the last.
fn line(svg: &mut String, curve: &Curve<'_>, colour: &str, most: u32, until: Micros) -> std::fmt::Result {
    let points = (1..).zip(curve.points).map(|(number, value)| (number * BIN, u64::from(*value)));
    let points = points.take_while(|(at, _)| *at <= until).map(|(at, value)| (place(at, until), height(value, most)));
    let mut columns: Vec<(u64, u64)> = vec![(place(0, until), height(0, most))];
    for (x, y) in points {
        match columns.last_mut() {
            Some(last) if last.0 == x => last.1 = y,
            _ => columns.push((x, y)),
        }
    }
    write!(svg, r#"<path fill="none" stroke="{colour}" stroke-width="2" d=""#)?;
    for (number, (x, y)) in columns.into_iter().enumerate() {
        write!(svg, "{}{x} {y}", if number == 0 { "M" } else { "L" })?;
    }
    writeln!(svg, r#""/>"#)
}

fn place(at: Micros, until: Micros) -> u64 {
    u64::from(AREA.0) + at * u64::from(AREA.1 - AREA.0) / until
}

fn height(value: u64, most: u32) -> u64 {
    u64::from(AREA.3) - value * u64::from(AREA.3 - AREA.2) / u64::from(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_a_few_round_steps() {
        for (most, step) in [(1, 1), (9, 1), (10, 2), (50_000, 10_000), (49_999, 5_000), (600, 100), (0, 1)] {
            assert_eq!(step_of(most), step, "{most}");
        }
    }

    #[test]
    fn a_curve_is_drawn_as_far_as_it_is_asked_for() {
        let svg = plot("t", &[Curve { name: "a", points: &[0, 5, 10] }], 2 * BIN);
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        // The second point is the last that is asked for: half as high, at the right edge.
        assert!(svg.contains(&format!("L{} {}\"", AREA.1, u32::midpoint(AREA.2, AREA.3))), "{svg}");
    }
}
