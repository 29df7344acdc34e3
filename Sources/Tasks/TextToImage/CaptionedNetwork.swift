internal import Conditioners
internal import Torch
internal import TorchNN

/// A UNet that is told a caption: its words, to which pixels attend, and their mean.
final class CaptionedNetwork: Module {
  /// What it is made of; stored beside the weights.
  struct Configuration: Codable, Sendable, Equatable {
    var text: TextEncoder.Configuration
    var picture: UNet.Configuration
  }

  let configuration: Configuration
  let text: TextEncoder
  /// `[1, D]`: what is attended to where nothing is said. It does not know the words, as the encoder's vectors all do.
  let nothing: Parameter
  let picture: UNet

  init(_ configuration: Configuration) throws {
    self.configuration = configuration
    text = try TextEncoder(configuration.text)
    nothing = try Parameter([1, configuration.text.width], .normal(deviation: 0.5))
    picture = try UNet(configuration.picture)
  }

  /// What the UNet is told: `global [N, D]`, `sequence [N, L, D]` that begins with `nothing`.
  /// - Parameter captions: places in the vocabulary, each fewer than L; none for a caption that says nothing.
  /// - Precondition: a caption has fewer than L words.
  func told(_ captions: [[Int]]) throws -> Conditioning {
    let length = configuration.text.length
    let (tokens, mask) = captions.reduce(into: ([Int64](), [Float]())) { all, words in
      let filling = length - 1 - words.count
      all.0 += [Token.beginning] + words.map { Int64($0) + Token.first }
      all.0 += [Int64](repeating: Token.filling, count: filling)
      all.1 += (0..<length).map { $0 <= words.count ? 1 : 0 }
    }
    let shown = try Tensor(mask, shape: [captions.count, length])
    let (sequence, mean) = try text(Tensor(tokens, shape: [captions.count, length]), mask: shown)
    let start = try nothing.value.unsqueezed(0).expanded([captions.count, 1, configuration.text.width])
    let all = Conditioning(
      global: mean,
      sequence: try .cat([start, sequence.narrow(1, start: 1, length: length - 1)], axis: 1),
      sequenceMask: shown)
    return captions.allSatisfy({ !$0.isEmpty })
      ? all : try all.keeping(captions.map { $0.isEmpty ? 0 : 1 })
  }

  /// Of the encoder.
  enum Token {
    static let (filling, beginning, first): (Int64, Int64, Int64) = (0, 1, 2)
  }

  /// F of the diffusion family.
  func callAsFunction(_ x: Tensor, _ time: Tensor, _ given: Conditioning) throws -> Tensor {
    try picture(x, time: time, global: given.global, text: words(given))
  }

  /// What the UNet's lowest level says of x, `[N, D]`.
  func summary(_ x: Tensor, _ time: Tensor, _ given: Conditioning) throws -> Tensor {
    try picture.summary(x, time: time, global: given.global, text: words(given))
  }

  /// What pixels attend to.
  /// - Throws: `TensorError` where nothing is.
  func words(_ given: Conditioning) throws -> (sequence: Tensor, mask: Tensor) {
    guard let sequence = given.sequence, let mask = given.sequenceMask else {
      throw TensorError("a captioned network wants to be told a caption")
    }
    return (sequence, mask)
  }

  /// The weights of the hidden layers, for optimisers that treat them as matrices.
  var hiddenWeights: [Parameter] {
    picture.hiddenWeights
      + text.body.flatMap { [$0.qkv.weight, $0.out.weight, $0.fc1.weight, $0.fc2.weight] }
  }
}
