internal import Families
internal import Foundation
internal import MediaIO
internal import PipelineCore
internal import StepInference
internal import Torch
internal import TorchNN

extension ByteFamily {
  /// With a transformer for backbone.
  init(_ network: CausalTransformer) {
    self.init(backbone: { try network($0, global: $1) }, states: { try network.states($0, global: $1) })
  }
}

/// A trained model of text, without libtorch.
struct TextModel: Sendable {
  let description: TextDescription
  let steps: CausalTransformerSteps

  init(_ description: TextDescription, _ steps: CausalTransformerSteps) {
    (self.description, self.steps) = (description, steps)
  }

  /// Reads a `.safetensors` file made by `pipeline train text-synth`.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  init(contentsOf file: URL) throws {
    description = try TextDescription(contentsOf: file)
    steps = try CausalTransformerSteps(
      HostWeights(Safetensors(contentsOf: file), name: file.lastPathComponent), description.network)
  }

  /// - Returns: the model that the options name, its name and its file.
  static func chosen(_ options: Options, _ specification: Specification) throws -> (
    name: String, model: TextModel, weights: URL
  ) {
    let (given, entry) = (options.text("weights"), try specification.model(named: options.text("model")))
    let file = given.isEmpty ? entry.weights : URL(fileURLWithPath: given)
    return (given.isEmpty ? entry.name : file.lastPathComponent, try TextModel(contentsOf: file), file)
  }

  /// At the beginning of a text of a style.
  func window(_ style: Int) -> ByteWindow { ByteWindow(steps, global: told(style)) }

  /// Where reading the first `place` bytes of a text of a style leads to.
  func window(_ style: Int, at place: Int, of text: [UInt8]) -> ByteWindow {
    ByteWindow(steps, global: told(style), at: place, of: text)
  }

  /// Behind bytes that are all in sight.
  /// - Parameter isWhole: whether they are a text from its beginning.
  func window(_ style: Int, seeing bytes: ArraySlice<UInt8>, isWhole: Bool) -> ByteWindow {
    ByteWindow(steps, global: told(style), seeing: bytes, isWhole: isWhole)
  }

  private func told(_ style: Int) -> [Float] { description.styles.indices.map { $0 == style ? 1 : 0 } }

  /// The index of a style; nil for an empty name.
  /// - Throws: `PipelineError` of kind `.usage` that names the nearest one and lists all.
  func style(_ name: String) throws -> Int? {
    guard !name.isEmpty else { return nil }
    guard let style = description.styles.firstIndex(of: name) else {
      throw PipelineError.usage(
        "--style: \(NearestName.unknown("style", name, known: description.styles, listing: true))")
    }
    return style
  }

  /// log P(text | style) of every style, in nats.
  func logDensities(_ text: some Collection<UInt8>) -> [Double] {
    description.styles.indices.map { window($0).read(text).reduce(0, +) }
  }

  /// P(style | text) for styles that are as probable before.
  func posterior(_ text: some Collection<UInt8>) -> [Double] {
    description.styles.count == 1 ? [1] : logDensities(text).softmax
  }
}
