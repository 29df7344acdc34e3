internal import Torch

/// Pieces of a text, at places that are keyed by a seed.
struct TextPieces: Sendable {
  private let text: [UInt8]
  private let places: [Int]
  private let length: Int

  /// - Precondition: the text is as long as a piece.
  init(_ text: [UInt8], length: Int, count: Int, seed: UInt64) {
    (self.text, self.length) = (text, length)
    places = KeyedNoise(seed: seed, sample: UInt64(length), step: 0, stream: "pieces")
      .integers(below: text.count - length + 1, count: count)
  }

  var count: Int { places.count }

  subscript(index: Int) -> [UInt8] { Array(text[places[index]..<places[index] + length]) }
}
