internal import Families
internal import Foundation
internal import PipelineCore
internal import Samplers
internal import Torch

/// Draws what follows a prompt.
struct TextDrawing: Sendable {
  let model: TextModel
  let prompt: [UInt8]
  /// nil for one that is drawn from what the prompt says of it.
  let style: Int?
  /// Bytes that are drawn.
  let length: Int
  let choice: TokenChoice
  let seed: UInt64

  /// Draw `index` of the seed: the same whatever is drawn beside it.
  /// - Parameter write: is given characters as they are drawn.
  func callAsFunction(_ index: Int, context: StageContext, _ write: (String) throws -> Void) throws {
    let noise = BatchNoise(seed: seed, first: index, count: 1)
    let style = style ?? noise.row(0, stream: "style").category(model.posterior(prompt))
    let window = model.window(style, at: prompt.count, of: prompt)
    try drawn(from: window, noise: noise, length: length, check: context.checkCancelled) { character in
      try write(String(decoding: character, as: UTF8.self))
    }
  }

  /// Goes on from where a window is.
  ///
  /// Bytes that no valid text goes on with are left out, as is NUL, and near the end those that begin what would not end in
  /// time: so many bytes are drawn, and they are whole characters.
  /// - Parameter body: is given the bytes of each character.
  func drawn(
    from window: ByteWindow, noise: BatchNoise, length: Int, check: () throws -> Void = {},
    _ body: ([UInt8]) throws -> Void
  ) throws {
    var (state, character) = (UTF8State(), [UInt8]())
    for place in 0..<length {
      if place % 64 == 0 { try check() }
      let probabilities = choice.probabilities(window.next) { byte in
        byte != 0 && state.allows(UInt8(byte), within: length - place)
      }
      let byte = UInt8(noise.row(0, step: place, stream: "bytes").category(probabilities))
      state.take(byte)
      character.append(byte)
      window.skip([byte])
      if state.isWhole {
        try body(character)
        character = []
      }
    }
  }
}
