internal import Conditioners
internal import Families
public import Foundation
internal import MediaTensors
internal import PipelineCore
internal import Torch
internal import TorchNN

/// A model of P(mel spectrogram | word, voice): how loud each band is along a word, which a `Vocoder` makes a sound of.
///
/// Spectrograms are `[1, bands, columns]` over 0…1, every word stretched to as many columns.
public struct VoicesModel: Sendable {
  /// What is stored beside the weights.
  struct Description: StoredDescription, Sendable, Equatable {
    static let (architecture, modelPhrase) = ("audio-synth-voices", "voices of audio-synth")

    var words: [String]
    var voices: [String]
    var sampleRate: Int
    var bands: Int
    var columns: Int
    /// Samples of a frame, and those that a column looks at, as the vocoder has them.
    var hop: Int
    var window: Int
    /// Of each word, of each voice.
    var lengths: [[WordsDescription.Length]]
    var network: UNet.Configuration
    var family: DiffusionFamily.Configuration
    var sampler: DiffusionFamily.SamplerSettings
  }

  let description: Description
  let network: UNet
  let family: DiffusionFamily

  /// With fresh weights.
  init(_ description: Description) throws {
    let network = try UNet(description.network)
    self.network = network
    self.description = description
    let packed = PackedUNet(network, height: description.bands, width: description.columns)
    family = DiffusionFamily(
      description.family, sampleShape: [1, description.bands, description.columns],
      settings: description.sampler, drawing: { try packed($0, $1, $2.global) },
      backbone: { try network($0, time: $1, global: $2.global) })
  }

  /// Reads a `.safetensors` file made by `pipeline train audio-synth`.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken or of another kind.
  public init(contentsOf file: URL) throws {
    try self.init(Description(contentsOf: file))
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
  }

  func weights(notes: [String: String]) throws -> Safetensors {
    try Safetensors(metadata: description.metadata(notes: notes), tensors: network.storedWeights())
  }

  var conditioner: MelConditioner {
    MelConditioner(
      sampleRate: description.sampleRate, hop: description.hop, bands: description.bands,
      window: description.window)
  }

  /// What the network is told: the word, the voice, both together, and how much longer than usual the word is, in
  /// deviations.
  func told(word: Int, voice: Int, frames: Int) -> [Float] {
    let (words, voices) = (description.words.count, description.voices.count)
    var row = [Float](repeating: 0, count: Description.features(words: words, voices: voices))
    row[word] = 1
    row[words + voice] = 1
    row[words + voices + word * voices + voice] = 1
    let length = description.lengths[word][voice]
    row[row.count - 1] = Float((log(Double(frames)) - length.mean) / max(0.05, length.deviation))
    return row
  }

  /// Draws the mel spectrogram of a word, `[bands, frames]` over 0…1.
  func draw(word: Int, voice: Int, frames: Int, noise: BatchNoise) throws -> Tensor {
    let given = told(word: word, voice: voice, frames: frames)
    let picture = try family.sample(
      given: Conditioning(global: Tensor(given, shape: [1, given.count])), noise: noise)
    return try Self.stretched(picture.select(0, 0).select(0, 0), to: frames).clamped(0, 1)
  }

  /// `[bands, columns]` of `[bands, F]`, columns between two taken from both.
  static func stretched(_ spectrogram: Tensor, to columns: Int) throws -> Tensor {
    let count = spectrogram.shape[1]
    guard count != columns, count > 1 else {
      return count == columns
        ? spectrogram
        : try spectrogram.indexSelect(1, Tensor([Int64](repeating: 0, count: columns), shape: [columns]))
    }
    let places = (0..<columns).map { column in
      min(max((Double(column) + 0.5) * Double(count) / Double(columns) - 0.5, 0), Double(count - 1))
    }
    let lower = places.map { Int64(min(Int($0), count - 2)) }
    let share = try Tensor(zip(places, lower).map { Float($0 - Double($1)) }, shape: [1, columns])
    let left = try spectrogram.indexSelect(1, Tensor(lower, shape: [columns]))
    let right = try spectrogram.indexSelect(1, Tensor(lower.map { $0 + 1 }, shape: [columns]))
    return try left + (right - left) * share
  }
}

extension VoicesModel.Description {
  static func features(words: Int, voices: Int) -> Int { words + voices + words * voices + 1 }

  /// Whether a file's word can be believed before memory is taken for it.
  var isPlausible: Bool {
    let words = WordsDescription(words: words, voices: voices, sampleRate: sampleRate, lengths: lengths)
    return (1...1000).contains(self.words.count) && (1...1000).contains(voices.count) && words.isPlausible
      && MelDescription(sampleRate: sampleRate, bands: bands, window: window).isPlausible
      && (1...4096).contains(hop) && (1...1024).contains(columns) && family.deviation > 0
      && sampler.isPlausible && network.pictureChannels == 1
      && network.condition == Self.features(words: self.words.count, voices: voices.count)
      && network.sequence == nil && network.isPlausible(height: bands, width: columns)
  }
}
