internal import Conditioners
public import Families
public import Foundation
internal import MediaIO
internal import PipelineCore
public import Torch
internal import TorchNN

/// A trained network with what its file says about it.
public struct SuperResolutionModel: Sendable {
  public let network: SuperResolutionNetwork
  public let loss: PointEstimate.Loss

  public init(network: SuperResolutionNetwork, loss: PointEstimate.Loss) {
    self.network = network
    self.loss = loss
  }

  /// Metadata keys of the weights' file.
  private enum Key {
    static let architecture = "architecture"
    static let configuration = "configuration"
    static let loss = "loss"
  }
  private static let architecture = "super-resolution-residual-trunk"

  /// Reads a `.safetensors` file made by `pipeline train super-resolution`.
  /// - Parameter name: of the file, for errors.
  /// - Throws: `TensorError` when the file holds another kind of network or broken weights.
  public init(weights file: Safetensors, name: String) throws {
    guard file.metadata[Key.architecture] == Self.architecture,
      let configuration = file.metadata[Key.configuration].flatMap({
        try? JSONDecoder().decode(SuperResolutionNetwork.Configuration.self, from: Data($0.utf8))
      }), configuration.isPlausible
    else { throw TensorError("\(name) does not hold a super-resolution network of this tool") }
    network = try SuperResolutionNetwork(configuration)
    try network.load(file, name: name)
    loss = file.metadata[Key.loss].flatMap(PointEstimate.Loss.init) ?? .absolute
  }

  /// - Parameter scale: that the network must have; nil for any.
  /// - Throws: `FormatError` and `TensorError` for a file that is missing, broken, or of another kind or scale.
  public init(contentsOf file: URL, scale: Int? = nil) throws {
    try self.init(weights: Safetensors(contentsOf: file), name: file.lastPathComponent)
    if let scale, scale != network.scale {
      throw TensorError("\(file.lastPathComponent) holds a network for scale \(network.scale), not \(scale)")
    }
  }

  /// Writes the weights at once or not at all.
  public func write(to file: URL, notes: [String: String]) throws {
    try AtomicFile.write(weights(notes: notes).encoded(), to: file)
  }

  /// The file that `init(weights:name:)` reads, with more to say about its making in `notes`.
  public func weights(notes: [String: String]) throws -> Safetensors {
    var metadata = notes
    metadata[Key.architecture] = Self.architecture
    metadata[Key.configuration] = try MetadataText.json(network.trunk.configuration)
    metadata[Key.loss] = loss.rawValue
    return try Safetensors(metadata: metadata, tensors: network.storedWeights())
  }

  /// The family: one point of P(high | low).
  public var family: PointEstimate {
    let network = network
    return family { try network($0) }
  }

  /// The same family with another way to compute the network, given the picture `[N, 3, H, W]`.
  func family(by network: @escaping @Sendable (Tensor) throws -> Tensor) -> PointEstimate {
    PointEstimate(loss: loss) { conditioning in
      guard let picture = conditioning.spatial else {
        throw TensorError("super-resolution is conditioned on a picture, and none was given")
      }
      return try network(picture)
    }
  }
}

extension ResidualTrunk.Configuration {
  /// Whether a file's word about its size can be believed before memory is taken for it.
  var isPlausible: Bool {
    inputs == 3 && outputs == 3 && (1...1024).contains(channels) && (0...256).contains(blocks)
      && (1...8).contains(scale) && channels * channels * (blocks + 1) <= 1 << 24
  }
}
