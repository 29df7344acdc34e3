import Foundation
import MediaIO
import Testing

/// A TIFF header with one directory: ImageWidth, then the orientation.
func orientedEXIF(_ orientation: Int, isBigEndian: Bool, type: Int = 3) -> Data {
  func number(_ value: Int, _ length: Int) -> [UInt8] {
    let bytes = (0..<length).map { UInt8(value >> (8 * $0) & 255) }
    return isBigEndian ? bytes.reversed() : bytes
  }
  let value = type == 3 ? number(orientation, 2) + [0, 0] : number(orientation, 4)
  return Data(
    Array((isBigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + number(2, 2)
      + number(0x0100, 2) + number(3, 2) + number(1, 4) + number(99, 2) + [0, 0]
      + number(0x0112, 2) + number(type, 2) + number(1, 4) + value + number(0, 4))
}

@Suite struct Orientation {
  /// The upright picture that each stored form of `1 2 3 / 4 5 6` stands for (EXIF 2.32, 4.6.4 A).
  static let upright: [(Int, [[Int]])] = [
    (1, [[1, 2, 3], [4, 5, 6]]),
    (2, [[3, 2, 1], [6, 5, 4]]),
    (3, [[6, 5, 4], [3, 2, 1]]),
    (4, [[4, 5, 6], [1, 2, 3]]),
    (5, [[1, 4], [2, 5], [3, 6]]),
    (6, [[4, 1], [5, 2], [6, 3]]),
    (7, [[6, 3], [5, 2], [4, 1]]),
    (8, [[3, 6], [2, 5], [1, 4]]),
  ]

  @Test(arguments: upright, [false, true])
  func picturesAreTurnedUpright(_ example: (Int, [[Int]]), _ isBigEndian: Bool) throws {
    let (orientation, rows) = example
    for type in [3, 4] {
      var metadata = ImageMetadata()
      metadata.exif = orientedEXIF(orientation, isBigEndian: isBigEndian, type: type)
      metadata.pixelDensity = ImageMetadata.PixelDensity(x: 100, y: 200)
      let stored = (1...6).flatMap { [UInt8($0), UInt8($0 * 10)] }
      let image = Image(
        width: 3, height: 2, channels: .greyAlpha, samples: .uint8(stored), metadata: metadata)
      #expect(image.metadata.orientation == orientation)
      let turned = image.oriented()
      #expect(turned.width == rows[0].count && turned.height == rows.count)
      #expect(turned.values == rows.flatMap { $0.flatMap { [$0, $0 * 10] } })
      #expect(turned.metadata.exif == orientedEXIF(1, isBigEndian: isBigEndian, type: type))
      #expect(turned.metadata.pixelDensity?.x == (orientation >= 5 ? 200 : 100))
      #expect(turned.oriented() == turned)
    }
  }

  @Test func sixteenBitsAreTurnedToo() {
    var metadata = ImageMetadata()
    metadata.exif = orientedEXIF(6, isBigEndian: false)
    let image = Image(
      width: 2, height: 1, channels: .grey, samples: .uint16([1000, 2000]), metadata: metadata)
    #expect(image.oriented().values == [1000, 2000] && image.oriented().height == 2)
  }

  @Test func damagedBlocksMeanUpright() {
    let sound = orientedEXIF(6, isBigEndian: false)
    func orientation(_ data: Data) -> Int {
      var metadata = ImageMetadata()
      metadata.exif = data
      return metadata.orientation
    }
    #expect(orientation(sound) == 6)
    // The entry's twelve bytes end four before the block does.
    for length in 0..<sound.count - 4 { #expect(orientation(sound.prefix(length)) == 1) }
    for value in [0, 9, 255] { #expect(orientation(orientedEXIF(value, isBigEndian: true)) == 1) }
    var numbers = TestNumbers(5)
    for _ in 0..<2000 {
      var damaged = sound
      for _ in 0..<3 {
        damaged[Int.random(in: 0..<damaged.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
      }
      #expect((1...8).contains(orientation(damaged)))
    }
    #expect(orientation(Data("no EXIF".utf8)) == 1)
    #expect(orientation((Data([9, 9]) + sound).dropFirst(2)) == 6)
  }
}
