public import Torch
public import TorchNN

/// The network of super-resolution: what linear interpolation lacks is added by a residual trunk.
public final class SuperResolutionNetwork: Module {
  public typealias Configuration = ResidualTrunk.Configuration

  /// About that of photographs; a centred input trains better.
  private static let mean = 0.45

  public let trunk: ResidualTrunk

  /// Fresh weights are not filled; see `Module.initialize(seed:)`.
  public init(_ configuration: Configuration) throws { trunk = try ResidualTrunk(configuration) }

  /// RGB `[N, 3, H, W]` over 0…1 to `[N, 3, H · scale, W · scale]`, about 0…1, not clipped.
  public func callAsFunction(_ picture: Tensor) throws -> Tensor {
    let shape = picture.shape
    let base = try picture.resizedBilinear(height: shape[2] * scale, width: shape[3] * scale)
    return try base + trunk(picture - Self.mean)
  }

  /// What the network gives for the part `rows` × `columns` (in input pixels) of one picture, `[1, 3, H, W]`.
  /// - Parameter fused: the trunk, packed for this processor; without it the plain one is run.
  func callAsFunction(_ picture: Tensor, rows: Range<Int>, columns: Range<Int>, fused: FusedResidualTrunk?)
    throws
    -> Tensor
  {
    func part(_ enlarged: Tensor) throws -> Tensor {
      try enlarged.narrow(2, start: rows.lowerBound * scale, length: rows.count * scale)
        .narrow(3, start: columns.lowerBound * scale, length: columns.count * scale)
    }
    guard let fused else { return try part(self(picture)) }
    let shape = picture.shape
    let base = try picture.resizedBilinear(height: shape[2] * scale, width: shape[3] * scale)
    return try part(base) + fused(picture - Self.mean, rows: rows, columns: columns)
  }

  public var scale: Int { trunk.configuration.scale }

  /// How many input pixels away an output pixel still depends on.
  public var receptiveRadius: Int { trunk.receptiveRadius }

  /// Takes over the weights of `other`, which may enlarge by another scale: then the last layer stays fresh.
  /// - Throws: `TensorError` when the trunks are of different make.
  public func begin(with other: SuperResolutionNetwork) throws {
    var weights = try other.weights()
    if other.scale != scale {
      for (name, value) in try self.weights() where name.hasPrefix("trunk.tail.") { weights[name] = value }
    }
    try load(weights, name: "the weights to start from")
  }
}
