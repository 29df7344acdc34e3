public import MediaIO

/// Makes a picture larger, by whatever one task has for the pictures of another.
public struct PictureEnlarger: Sendable {
  /// Of the weights that decide what comes out.
  public let weightsSHA256: String
  private let enlarge: @Sendable (Image, StageContext) throws -> Image

  /// How one is found for a scale above 1.
  public typealias Finder = @Sendable (_ scale: Double) throws -> PictureEnlarger

  public init(weightsSHA256: String, enlarge: @escaping @Sendable (Image, StageContext) throws -> Image) {
    (self.weightsSHA256, self.enlarge) = (weightsSHA256, enlarge)
  }

  /// The picture, scale times wider and higher, of the same depth and channels.
  public func callAsFunction(_ image: Image, context: StageContext) throws -> Image {
    try enlarge(image, context)
  }
}
