//! Draws a ticket's token as a QR code (ISO/IEC 18004), at error correction level M: 15 % of it may be dirt.

use std::fmt::Write as _;

use app::{Error, ticket_view::Image};
use fast_qr::{ECL, QRBuilder, QRCode};
use png::{BitDepth, ColorType, Encoder};

/// Light modules around the code on every side; the standard asks for four.
const QUIET: usize = 4;
/// Dark and light as rows of eight pixels. **A module is eight pixels wide, so that it is one byte of a row of bits.**
const DARK: u8 = 0x00;
const LIGHT: u8 = 0xff;
/// Pixels of a module's side.
const SIDE: usize = 8;

/// A token as a square of dark and light modules: drawn once, for every picture of it.
pub(crate) struct Code(QRCode);

impl Code {
    /// Draws a token.
    pub(crate) fn of(token: &str) -> Result<Self, Error> {
        QRBuilder::new(token).ecl(ECL::M).build().map(Self).map_err(Error::internal)
    }

    /// A picture of it.
    pub(crate) fn picture(&self, image: Image) -> Result<Vec<u8>, Error> {
        match image {
            Image::Png => self.png(),
            Image::Svg => Ok(self.svg().into_bytes()),
        }
    }

    fn png(&self) -> Result<Vec<u8>, Error> {
        let pixels = u32::try_from(self.modules() * SIDE).map_err(Error::internal)?;
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, pixels, pixels);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        let mut writer = encoder.write_header().map_err(Error::internal)?;
        writer.write_image_data(&self.rows()).map_err(Error::internal)?;
        writer.finish().map_err(Error::internal)?;
        Ok(file)
    }

    /// The pixels, row after row, one byte for each module.
    fn rows(&self) -> Vec<u8> {
        let modules = self.modules();
        let mut rows = vec![LIGHT; modules * modules * SIDE];
        for (column, row) in self.dark() {
            for line in row * SIDE..(row + 1) * SIDE {
                rows[line * modules + column] = DARK;
            }
        }
        rows
    }

    /// One path of squares, in units of modules.
    fn svg(&self) -> String {
        let (modules, pixels) = (self.modules(), self.modules() * SIDE);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
             viewBox=\"0 0 {modules} {modules}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{modules}v{modules}H0z\"/><path d=\""
        );
        for (column, row) in self.dark() {
            // Nothing that is written to a text fails.
            write!(text, "M{column} {row}h1v1h-1z").unwrap_or_default();
        }
        text.push_str("\"/></svg>");
        text
    }

    /// Modules of a side, the quiet zone included.
    const fn modules(&self) -> usize {
        self.0.size + 2 * QUIET
    }

    /// Column and row of each dark module, the quiet zone included.
    fn dark(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let side = 0..self.0.size;
        side.clone()
            .flat_map(move |row| side.clone().map(move |column| (column, row)))
            .filter(|(column, row)| self.0[*row][*column].value())
            .map(|(column, row)| (QUIET + column, QUIET + row))
    }
}

/// Draws a token as one picture.
pub(crate) fn draw(token: &str, image: Image) -> Result<Vec<u8>, Error> {
    Code::of(token)?.picture(image)
}

#[cfg(test)]
mod tests {
    use std::{
        env, fs, io,
        process::{self, Command},
    };

    use super::*;

    /// As long as a ticket's, and of the alphabet of base45.
    fn token() -> String {
        "W50 $%*+-./:ABCDEFGHIJKLMNOPQRSTUVXYZ12346789".chars().cycle().take(131).collect()
    }

    #[test]
    fn a_ticket_is_a_version_6_code() {
        assert_eq!(Code::of(&token()).unwrap().0.size, 41);
    }

    #[test]
    fn the_picture_has_every_module_and_a_quiet_zone() {
        let file = draw(&token(), Image::Png).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(&file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (392, 392));
        assert_eq!((info.color_type, info.bit_depth), (ColorType::Grayscale, BitDepth::One));

        let code = Code::of(&token()).unwrap().0;
        let is_dark = |x: usize, y: usize| {
            let inside = QUIET..QUIET + code.size;
            inside.contains(&x) && inside.contains(&y) && code[y - QUIET][x - QUIET].value()
        };
        for y in 0..392 {
            for x in 0..392 {
                let bit = pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1;
                assert_eq!(bit == 0, is_dark(x / SIDE, y / SIDE), "pixel {x}, {y}");
            }
        }
    }

    #[test]
    fn the_drawing_has_the_same_size() {
        let drawing = String::from_utf8(draw(&token(), Image::Svg).unwrap()).unwrap();
        assert!(drawing.contains(r#"width="392" height="392" viewBox="0 0 49 49""#), "{drawing:.200}");
        assert!(drawing.ends_with("</svg>"));
        let code = Code::of(&token()).unwrap();
        assert_eq!(drawing.matches("h1v1h-1z").count(), code.dark().count());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(draw(&"A".repeat(10_000), Image::Png).is_err());
    }

    /// Another program reads what was drawn, where there is one.
    #[test]
    #[expect(clippy::print_stderr, reason = "says that nothing was compared")]
    fn a_scanner_reads_the_token() {
        let path = env::temp_dir().join(format!("onsale-qr-{}.png", process::id()));
        fs::write(&path, draw(&token(), Image::Png).unwrap()).unwrap();
        let read =
            Command::new("zbarimg").args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(&path).output();
        fs::remove_file(&path).unwrap();
        match read {
            Ok(output) => assert_eq!(String::from_utf8(output.stdout).unwrap(), token() + "\n"),
            Err(error) => eprintln!("skipped: zbarimg: {error}"),
        }
    }
}
