internal import Conditioners
internal import Torch
internal import TorchNN

/// A UNet that is told a caption: its words, to which pixels attend, and what the whole of it says.
///
/// Where captions have attributes, such as the colour of a scene's first thing, the encoder reads one learned question for
/// each before the words. It is trained to answer them beside what it is for, so that it knows early which words belong
/// together; pixels attend to the questions as well.
final class CaptionedNetwork: Module {
  /// What it is made of; stored beside the weights.
  struct Configuration: Codable, Sendable, Equatable {
    var text: TextEncoder.Configuration
    /// How many values each attribute of a caption can have; nil where captions have none.
    var attributes: [Int]?
    var picture: UNet.Configuration

    /// One for each attribute.
    var questions: Int { attributes?.count ?? 0 }
    /// Of what the UNet is told as a whole.
    var global: Int { text.width + (attributes?.reduce(0, +) ?? 0) }
  }

  let configuration: Configuration
  let text: TextEncoder
  /// `[1, D]`: what is attended to where nothing is said. It does not know the words, as the encoder's vectors all do.
  let nothing: Parameter
  /// Of each attribute, from its question's vector to a score for each value.
  let answers: [Linear]
  let picture: UNet

  init(_ configuration: Configuration) throws {
    self.configuration = configuration
    text = try TextEncoder(configuration.text)
    nothing = try Parameter([1, configuration.text.width], .normal(deviation: 0.5))
    answers = try (configuration.attributes ?? []).map { try Linear(configuration.text.width, $0) }
    picture = try UNet(configuration.picture)
  }

  /// What the UNet is told: `global [N, D]`, which is the mean of the encoder's vectors and the probabilities of each
  /// attribute's values, and `sequence [N, L, D]` that begins with `nothing`.
  /// - Parameter captions: places in the vocabulary; none for a caption that says nothing.
  /// - Precondition: a caption has no more words than L, less the beginning and the questions.
  func told(_ captions: [[Int]]) throws -> Conditioning { try read(captions).told }

  /// What the UNet is told, and a score for each value of each attribute, `[N, values]`.
  func read(_ captions: [[Int]]) throws -> (told: Conditioning, answers: [Tensor]) {
    let (length, questions) = (configuration.text.length, configuration.questions)
    let tokens = try CaptionTokens(captions, length: length, questions: questions)
    let shown = tokens.mask
    let (sequence, mean) = try text(tokens.places, mask: shown)
    let answers = try answers.enumerated().map { try $1(sequence.select(1, $0 + 1)) }
    let nothing = try nothing.value.unsqueezed(0).expanded([captions.count, 1, configuration.text.width])
    let all = Conditioning(
      global: try .cat([mean] + answers.map { try $0.softmax(1) }, axis: 1),
      sequence: try .cat([nothing, sequence.narrow(1, start: 1, length: length - 1)], axis: 1),
      sequenceMask: shown)
    let told =
      captions.allSatisfy({ !$0.isEmpty })
      ? all : try all.keeping(captions.map { $0.isEmpty ? 0 : 1 })
    return (told, answers)
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
    picture.hiddenWeights + picture.attentionWeights + text.hiddenWeights
  }
}
